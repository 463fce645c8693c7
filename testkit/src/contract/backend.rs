//! Rules for a backend whose system cannot be reached, or answers as another server would.

use std::sync::Arc;

use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::verb::Verb;

use crate::contract::commands::all;
use crate::contract::rule::{Material, Rule};
use crate::scripted::now;
use crate::scripted::upstream::{System, service};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule { name: "a-backend-can-what-its-adapter-says", check: capability },
    Rule { name: "verbs-that-it-lacks-are-unsupported", check: unsupported },
    Rule { name: "a-system-that-is-away-is-no-absence", check: away },
    Rule { name: "answers-of-something-else-are-no-absence", check: garbled },
];

/// Answers of a proxy, of another server, and an empty one.
const GARBLED: [(u16, &str); 5] = [
    (200, "<html><title>Sign in to this network</title></html>"),
    (200, ""),
    (404, "<html><h1>404 Not Found</h1><hr>nginx</html>"),
    (500, "Internal Server Error"),
    (502, "<html><h1>502 Bad Gateway</h1></html>"),
];

impl Material {
    fn backend(&self, system: &Arc<System>) -> Option<Arc<dyn Backend>> {
        let system: Arc<dyn Upstream> = Arc::<System>::clone(system);
        let service = service(self.namespace(), "0123456789abcdef0123456789abcdef");
        self.adapter.remote().map(|remote| (remote.make)(&service, system))
    }

    /// Runs one command of each verb that the backend has. Returns the outcomes, and how many
    /// requests each command sent.
    fn outcomes(
        &self,
        system: impl Fn() -> Arc<System>,
    ) -> Vec<(Command, Result<Outcome, Fault>, usize)> {
        let mut outcomes = Vec::new();
        for command in all(&self.namespace()) {
            let system = system();
            let Some(backend) = self.backend(&system) else { continue };
            if can(backend.capability(), command.verb()) {
                let outcome = now(backend.execute(command.clone()));
                outcomes.push((command, outcome, system.asked().len()));
            }
        }
        outcomes
    }
}

fn capability(material: &Material) -> Vec<String> {
    let Some(row) = material.adapter.remote() else { return Vec::new() };
    let own = material.backend(&System::always(200, ""));
    let mut findings = Vec::new();
    if own.is_none_or(|backend| *backend.capability() != (row.capability)()) {
        findings.push("the backend says otherwise than the adapter".to_owned());
    }
    if row.own_account.is_empty() {
        findings.push("it is not said whose account the gateway calls with".to_owned());
    }
    findings
}

/// Whether a backend can do a verb, for rights groups of its own too.
fn can(able: &Capability, verb: Verb) -> bool {
    able.has(verb) || verb.is_about_groups() && able.rights_groups().is_some()
}

fn unsupported(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    for command in all(&material.namespace()) {
        let (verb, system) = (command.verb(), System::always(200, "{}"));
        let Some(backend) = material.backend(&system) else { continue };
        if can(backend.capability(), verb) {
            continue;
        }
        match now(backend.execute(command)) {
            Err(fault) if fault.kind == FaultKind::Unsupported => {}
            other => findings.push(format!("{verb}: {other:?}")),
        }
        if !system.asked().is_empty() {
            findings.push(format!("{verb}: the system was asked"));
        }
    }
    findings
}

fn away(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    for kind in [FaultKind::Unavailable, FaultKind::Timeout] {
        for (command, outcome, sent) in material.outcomes(|| System::down(kind)) {
            let is_right = outcome.as_ref().is_err_and(|fault| fault.kind == kind);
            if sent > 0 && !is_right {
                findings.push(format!("{kind:?}: {}: {outcome:?}", command.verb()));
            }
        }
    }
    findings
}

fn garbled(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    for (status, body) in GARBLED {
        for (command, outcome, sent) in material.outcomes(|| System::always(status, body)) {
            let is_right = outcome.as_ref().is_err_and(|fault| !fault.kind.is_callers());
            if sent > 0 && !is_right {
                findings.push(format!("{status} {body:.30}: {}: {outcome:?}", command.verb()));
            }
        }
    }
    findings
}
