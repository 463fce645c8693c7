//! The rule that no answer hands a caller's text to a browser as HTML.

use std::collections::BTreeSet;

use isogloss_canonical::credentials::Proof;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use serde_json::Value;

use crate::contract::rule::{Material, Rule};
use crate::scripted::exchange::Script;
use crate::scripted::now;

/// The rule.
pub(super) const RULES: &[Rule] = &[Rule { name: "no-answer-reflects-markup", check: markup }];

/// What a caller sends. A browser would read it as an element.
const MARK: &str = "<x-mark>";
/// The same inside an address.
const ENCODED: &str = "%3Cx-mark%3E";
/// Headers that say where a server is. Pages may repeat them.
const PLACES: [&str; 5] =
    ["host", "x-forwarded-host", "x-forwarded-prefix", "x-script-name", "x-forwarded-proto"];

/// A text that a caller sends is never part of HTML as it is, wherever it stands in the request. A
/// browser that shows the answer would run it as a script, with the rights of whoever is signed in.
fn markup(material: &Material) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (version, dialect) in material.dialects() {
        for marked in material.requests.iter().flat_map(marked) {
            for script in [administrator(), administrator().answering(|_| Err(absence()))] {
                let answer = now(dialect.answer(&marked, &script));
                if is_page(&answer) && String::from_utf8_lossy(&answer.body).contains(MARK) {
                    let (verb, path) = (&marked.method, &marked.path);
                    let body = String::from_utf8_lossy(&answer.body);
                    findings.insert(format!("{version}: {verb} {path} -> {body:.200}"));
                }
            }
        }
    }
    findings.into_iter().collect()
}

fn administrator() -> Script {
    let user = User { role: Role::Administrator, ..User::seen("root") };
    Script::person(user, Proof::Key(None))
}

fn absence() -> Fault {
    Fault::not_found(Subject::User)
}

/// Whether a browser reads an answer as HTML. Without a type the first letter decides.
fn is_page(answer: &Response) -> bool {
    let kind = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    match kind {
        Some((_, kind)) => kind.to_lowercase().contains("html"),
        None => answer.body.trim_ascii_start().starts_with(b"<"),
    }
}

/// The request with the mark in each place in turn.
fn marked(request: &Request) -> Vec<Request> {
    let steps: Vec<_> = request.path.split('/').collect();
    let step = |at: usize| {
        let mut steps = steps.clone();
        steps[at] = ENCODED;
        Request { path: steps.join("/"), ..request.clone() }
    };
    let paths = (1..steps.len()).map(step);
    let queries = fields(request.query.as_deref().unwrap_or("a=b"))
        .into_iter()
        .map(|query| Request { query: Some(query), ..request.clone() });
    let bodies = bodies(request).into_iter().map(|body| {
        let mut marked = request.clone();
        marked.headers.retain(|(name, _)| name != "content-length");
        let marked = marked.with("content-length", body.len().to_string());
        Request { body: body.into(), ..marked }
    });
    let headers = PLACES.into_iter().map(|name| {
        let mut marked = request.clone();
        marked.headers.retain(|(own, _)| own != name);
        marked.with(name, MARK)
    });
    paths.chain(queries).chain(bodies).chain(headers).collect()
}

/// Fields of a form with the mark as each value in turn.
fn fields(form: &str) -> Vec<String> {
    let pairs: Vec<_> = form.split('&').collect();
    let marked = |at: usize| {
        let name = pairs[at].split('=').next().unwrap_or_default();
        let own = format!("{name}={ENCODED}");
        let mut pairs = pairs.clone();
        pairs[at] = &own;
        pairs.join("&")
    };
    (0..pairs.len()).map(marked).collect()
}

/// Bodies with the mark as each value in turn.
fn bodies(request: &Request) -> Vec<String> {
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(json) => leaves(&json).iter().map(|leaf| with_mark(&json, leaf)).collect(),
        Err(_) => fields(&String::from_utf8_lossy(&request.body)),
    }
}

/// The places of the values in a JSON body, at most 20.
fn leaves(json: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), json)];
    while let (Some((place, value)), true) = (left.pop(), found.len() < 20) {
        match value {
            Value::Object(members) => {
                left.extend(members.iter().map(|(name, item)| {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    (format!("{place}/{name}"), item)
                }));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                left.extend(items.map(|(at, item)| (format!("{place}/{at}"), item)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                found.push(place);
            }
        }
    }
    found
}

fn with_mark(json: &Value, place: &str) -> String {
    let mut marked = json.clone();
    if let Some(value) = marked.pointer_mut(place) {
        *value = MARK.into();
    }
    marked.to_string()
}
