//! Who answers a call: `fixtures/answerers`, a file for each dialect.

use std::collections::BTreeMap;
use std::path::Path;

use isogloss::registry;
use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::credentials::Proof;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use isogloss_testkit::scripted::exchange::Script;
use serde::Deserialize;

use crate::gateway::GatewayProcess;
use crate::recorder::Recorder;

/// The calls of a dialect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    request: String,
    headers: BTreeMap<String, String>,
    body: String,
    unknown: String,
    #[serde(rename = "calls")]
    answerers: BTreeMap<String, Answerer>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Answerer {
    Gateway,
    Origin,
    Facts,
    /// The origin, or the system behind the route if it is the dialect's own.
    System,
}

impl Calls {
    /// The dialects that have a list, each with it.
    fn all() -> Vec<(&'static str, Self)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/answerers");
        let dialects = registry::ADAPTERS.iter().map(|adapter| adapter.name);
        let read = |name: &'static str| {
            let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).ok()?;
            let calls: Self = toml::from_str(&text).unwrap();
            assert!(calls.answerers.len() >= 40, "{name} has {} calls", calls.answerers.len());
            Some((name, calls))
        };
        dialects.filter_map(read).collect()
    }

    /// A call as a dialect is given it.
    fn request(&self, call: &str) -> Request {
        let line = self.request.replace("CALL", call);
        let (verb, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = self.body.replace("CALL", call);
        let mut request = Request::to(verb, path);
        request.query = Some(query.to_owned()).filter(|query| !query.is_empty());
        for (name, value) in &self.headers {
            request = request.with(name, value.clone());
        }
        request = request.with("content-length", body.len().to_string());
        request.body = body.into();
        request
    }

    /// The same as it goes over the wire.
    fn raw(&self, call: &str) -> String {
        let request = self.request(call);
        let line = self.request.replace("CALL", call);
        let headers = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\r\n", String::from_utf8_lossy(value)));
        let headers: String = headers.collect();
        let body = String::from_utf8_lossy(&request.body);
        format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n{body}")
    }
}

const FROM_THE_ORIGIN: &str =
    "HTTP/1.1 200 OK\r\nX-Answered-By: the-origin\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn with_an_origin_nothing_is_answered_that_is_not_translated() {
    let mut wrong = Vec::new();
    for (dialect, calls) in Calls::all() {
        let origin = Recorder::answering(FROM_THE_ORIGIN);
        let gateway = GatewayProcess::start(dialect, &origin.url);
        for (call, answerer) in &calls.answerers {
            let answer = gateway.send(&calls.raw(call)).to_lowercase();
            let by_origin = answer.contains("x-answered-by: the-origin");
            if by_origin != (*answerer != Answerer::Gateway) {
                wrong.push(format!("{dialect} {call}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What a dialect answers to an administrator without an origin.
fn alone(dialect: &str, calls: &Calls, call: &str, is_embedded: bool) -> Response {
    let options = RouteOptions::of(IdNamespace::new(dialect));
    let made = registry::SYSTEMS.make_dialect(dialect, &options).unwrap();
    let admin = User { role: Role::Administrator, ..User::seen("admin") };
    let script = Script::person(admin, Proof::Password);
    let script = if is_embedded { script } else { script.over_system() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(made.answer(&calls.request(call), &script))
}

fn is_unknown(calls: &Calls, response: &Response) -> bool {
    let body = String::from_utf8_lossy(&response.body);
    format!("HTTP {} {body}", response.status).contains(&calls.unknown)
}

#[test]
fn without_an_origin_nothing_is_made_up_about_a_remote_system() {
    let mut wrong = Vec::new();
    for (dialect, calls) in Calls::all() {
        for (call, answerer) in &calls.answerers {
            let remote = alone(dialect, &calls, call, false);
            // What a script answers to a known call may be an error of any kind.
            let expected = matches!(answerer, Answerer::Origin | Answerer::System);
            let known = *answerer == Answerer::Gateway;
            if is_unknown(&calls, &remote) != expected && !(known && remote.status == 404) {
                wrong.push(format!("{dialect} {call}: {remote:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn on_the_embedded_store_an_empty_list_is_true() {
    let calls = Calls::all();
    let lists = calls.iter().flat_map(|(dialect, calls)| {
        let origins = calls.answerers.iter().filter(|(_, one)| **one == Answerer::Origin);
        origins.map(move |(call, _)| alone(dialect, calls, call, true))
    });
    let empty = lists.filter(|one| {
        let body = String::from_utf8_lossy(&one.body).replace([' ', '\n'], "");
        body.contains("\"result\":[]")
    });
    assert!(empty.count() >= 5, "no list is answered");
}
