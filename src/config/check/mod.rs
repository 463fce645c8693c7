//! Finds what the shape of a configuration cannot say: everything that `serve` would stumble over,
//! all at once. Only the binding of addresses is left to the start.

mod backends;
mod directory;
mod limits;
mod listeners;
mod log;
mod proxies;
mod routes;
mod store;

use crate::config::environment;
use crate::config::finding::{Finding, Findings, Key, Severity};
use crate::config::load::Loaded;

pub use self::log::filter;

/// What a configuration is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Whole,
    /// One route that the command line gives: a backend that it does not use is no mistake.
    OneRoute,
}

/// A check in progress.
struct Check<'a> {
    loaded: &'a Loaded,
    findings: Findings,
}

/// Everything that is wrong in sense.
pub(super) fn all(loaded: &Loaded, scope: Scope) -> Findings {
    let mut check = Check { loaded, findings: Findings::default() };
    limits::check(&mut check);
    log::check(&mut check);
    store::check(&mut check);
    proxies::check(&mut check);
    backends::check(&mut check, scope);
    routes::check(&mut check);
    listeners::check(&mut check);
    directory::check(&mut check);
    let settings = &loaded.settings;
    for stray in &loaded.strays {
        let named = |source: &crate::config::secret::SecretSource| source.variable() == Some(stray);
        let backends = settings.backend.values().filter_map(|backend| backend.secret.as_ref());
        let directory = settings.directory.iter().filter_map(|one| one.bind_password.as_ref());
        if !backends.chain(directory).any(named) {
            check.findings.add(environment::stray(stray));
        }
    }
    check.findings
}

impl Check<'_> {
    fn add(&mut self, severity: Severity, key: &Key, told: (String, String)) {
        let place = self.loaded.sources.find(key);
        let ((problem, expected), key) = (told, key.to_string());
        self.findings.add(Finding { severity, place, key, problem, expected });
    }

    /// The gateway does not start.
    fn refuse(&mut self, key: &Key, problem: impl Into<String>, expected: impl Into<String>) {
        self.add(Severity::Error, key, (problem.into(), expected.into()));
    }

    /// The gateway starts, and says so in the log.
    fn warn(&mut self, key: &Key, problem: impl Into<String>, expected: impl Into<String>) {
        self.add(Severity::Warning, key, (problem.into(), expected.into()));
    }

    /// Refuses what another part of the gateway refuses in one sentence: `PROBLEM; expected
    /// WHAT`, or `PROBLEM; known: NAMES`.
    fn refuse_with(&mut self, key: &Key, sentence: &str) {
        let parts = sentence.split_once("; expected ");
        let parts = parts.or_else(|| sentence.split_once("; known: "));
        let (problem, expected) = parts.unwrap_or((sentence, ""));
        self.refuse(key, problem, expected);
    }
}
