//! Rules for a dialect: its list of methods, and its answers to faults.

use std::collections::BTreeSet;

use isogloss_canonical::credentials::Proof;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use serde_json::Value;

use crate::contract::rule::{Material, Rule};
use crate::scripted::exchange::Script;
use crate::scripted::now;
use crate::scripted::session_store::Sessions;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule { name: "methods-are-unique-and-described", check: methods },
    Rule { name: "every-fault-is-answered", check: faults },
    Rule { name: "an-outage-is-no-absence", check: outages },
    Rule { name: "an-outage-of-the-session-store-is-no-absence", check: forgetful },
    Rule { name: "what-it-does-not-handle-asks-nothing", check: handles },
];

/// A text in the detail of a fault. It must appear in the log only.
const DETAIL: &str = "sentence-for-the-log";
/// The faults that are not the caller's.
const OUTAGES: [FaultKind; 4] =
    [FaultKind::Unavailable, FaultKind::Timeout, FaultKind::Unexpected, FaultKind::Throttled];
/// Words that report absence.
const ABSENCE: [&str; 4] = ["not found", "does not exist", "no such", "unknown user"];
/// A header whose name contains one of these has credentials.
const SECRET: [&str; 4] = ["auth", "cookie", "key", "token"];

fn methods(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    for (version, dialect) in material.dialects() {
        let mut names = BTreeSet::new();
        for method in dialect.methods() {
            if !names.insert((method.name, method.about)) {
                findings.push(format!("{version}: {} is there twice", method.name));
            }
            if !method.about.ends_with('.') {
                findings.push(format!("{version}: {} is not described", method.name));
            }
        }
        if names.is_empty() {
            findings.push(format!("{version}: there is no method"));
        }
    }
    findings
}

/// A fault of a kind, with all fields set.
fn fault(kind: FaultKind) -> Fault {
    let refusal = (kind == FaultKind::Unauthenticated).then_some(Refusal::Unknown);
    Fault { refusal, ..Fault::new(kind, DETAIL) }
}

fn faults(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    for (version, dialect) in material.dialects() {
        // A path that the system never has is always absent.
        let is_there = |request: &Request| {
            let answer = now(dialect.answer(request, &administrator(material)));
            dialect.handles(request) && !is_absence(&answer)
        };
        for (request, kind) in
            material.requests.iter().flat_map(|one| FaultKind::ALL.map(|kind| (one, kind)))
        {
            let answer = dialect.refuse(request, &fault(kind));
            let told = format!("{version}: {kind:?}: {}", told(request, &answer));
            if !(200..600).contains(&answer.status) {
                findings.push(format!("no status: {told}"));
            }
            if let Some(secret) = shown(request, &answer) {
                findings.push(format!("the answer shows {secret}: {told}"));
            }
            if OUTAGES.contains(&kind) && is_absence(&answer) && is_there(request) {
                findings.push(format!("an absence: {told}"));
            }
        }
    }
    findings
}

/// The part of an answer that must not be shown, if there is one.
fn shown(request: &Request, answer: &Response) -> Option<String> {
    let all = text(answer);
    let is_secret = |name: &str| SECRET.iter().any(|word| name.contains(word));
    let values = request.headers.iter().filter(|(name, _)| is_secret(name));
    let values = values.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    let mut secrets = values.filter(|value| value.len() > 8).chain([DETAIL.to_owned()]);
    secrets.find(|secret| all.contains(secret))
}

fn text(answer: &Response) -> String {
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    headers.collect::<String>() + &String::from_utf8_lossy(&answer.body)
}

/// A request and its answer, in one line.
fn told(request: &Request, answer: &Response) -> String {
    let (method, path) = (&request.method, &request.path);
    let sent = String::from_utf8_lossy(&request.body);
    let body = String::from_utf8_lossy(&answer.body);
    format!("{method} {path} {sent:.200} -> {} {body:.200}", answer.status)
}

fn is_absence(answer: &Response) -> bool {
    let text = text(answer).to_lowercase();
    answer.status == 404 || ABSENCE.iter().any(|words| text.contains(words))
}

/// A scripted gateway whose caller is an administrator.
fn administrator(material: &Material) -> Script {
    let mut user = User::seen("root");
    user.role = Role::Administrator;
    user.ids.insert(material.namespace(), "1".to_owned());
    Script::person(user, Proof::Key(None))
}

/// If the backend cannot be reached, a request is answered with an error, never as if the person
/// did not exist.
fn outages(material: &Material) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (version, dialect) in material.dialects() {
        for (request, kind) in
            material.requests.iter().flat_map(|one| OUTAGES.map(|kind| (one, kind)))
        {
            let failing = administrator(material).failing(kind);
            let answer = now(dialect.answer(request, &failing));
            let hidden = !is_error(&answer) || is_absence(&answer);
            if !failing.verbs().is_empty() && hidden {
                findings.insert(format!("{version}: {kind:?}: {}", told(request, &answer)));
            }
        }
    }
    findings.into_iter().collect()
}

/// Whether an answer reports a failure, by its status or by a member of its JSON. A call that
/// expects no answer gets an empty one.
fn is_error(answer: &Response) -> bool {
    let json = serde_json::from_slice(&answer.body).unwrap_or_default();
    answer.status >= 400 || answer.body.is_empty() || says_error(&json)
}

fn says_error(json: &Value) -> bool {
    if let Some(batch) = json.as_array() {
        return batch.iter().any(says_error);
    }
    let failed = |name: &str| json.get(name).is_some_and(|value| !value.is_null() && *value != 0);
    failed("error") || failed("errorcode")
}

/// If the session store fails, nothing that exists is answered as absent.
fn forgetful(material: &Material) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (version, dialect) in material.dialects() {
        for request in material.requests.iter() {
            let answer = |sessions| {
                let script = administrator(material).failing(FaultKind::Unavailable);
                now(dialect.answer(request, &script.with_sessions(sessions)))
            };
            let broken = answer(Sessions::failing(FaultKind::Unavailable));
            if is_absence(&broken) && !is_absence(&answer(Sessions::default())) {
                findings.insert(format!("{version}: {}", told(request, &broken)));
            }
        }
    }
    findings.into_iter().collect()
}

/// A request that the dialect does not handle runs no command: it goes to the origin. A path of the
/// manual is handled, unless the options of the route switch it off.
fn handles(material: &Material) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (version, dialect) in material.dialects() {
        let nowhere = Request::to("GET", "/no/such/page/of/this/system");
        for request in material.requests.iter().chain([&nowhere]) {
            let script = administrator(material);
            let handled = dialect.handles(request);
            if handled && material.is_page(request) {
                findings.insert(format!("{version}: an origin never gets {}", request.path));
            }
            if !handled && !material.is_page(request) {
                let answer = now(dialect.answer(request, &script));
                if !script.verbs().is_empty() {
                    findings.insert(format!("{version}: {}", told(request, &answer)));
                }
            }
        }
        let status =
            |request: &Request| now(dialect.answer(request, &administrator(material))).status;
        let unhandled = manual(dialect.as_ref()).filter(|request| !dialect.handles(request));
        let unhandled = unhandled.filter(|request| !material.is_page(request));
        let lost = unhandled.filter(|request| status(request) != status(&nowhere));
        findings.extend(lost.map(|lost| format!("{version}: {} {}", lost.method, lost.path)));
    }
    findings.into_iter().collect()
}

/// Requests for the methods that the manual names by verb and path.
fn manual(dialect: &dyn Dialect) -> impl Iterator<Item = Request> {
    dialect.methods().iter().filter_map(|method| {
        let (verb, path) = method.name.split_once(' ')?;
        let whole = path.starts_with('/') && !path.contains(['<', '{', ':', '*']);
        whole.then(|| Request::to(verb, path))
    })
}
