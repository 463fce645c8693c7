//! Without a gateway: an outage never looks like an absence.

use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::credentials::Proof;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{Role, User};
use isogloss_testkit::scripted::exchange::Script;
use isogloss_testkit::scripted::now;
use isogloss_testkit::scripted::session_store::Sessions;

use super::*;

/// A gateway whose backend cannot be reached, and perhaps neither its keys nor its session store.
fn outage(kind: FaultKind, has_keys: bool, has_sessions: bool) -> Script {
    let script = if has_keys {
        Script::person(admin(), Proof::Key(None))
    } else {
        Script::nobody(Fault::new(kind, "out of reach"))
    };
    let sessions = if has_sessions { Sessions::default() } else { Sessions::failing(kind) };
    script.failing(kind).with_sessions(sessions)
}

fn admin() -> User {
    User { role: Role::Administrator, ..User::seen("admin".to_owned()) }
}

const BODY: &str = r#"{"name":"n","password":"p","current":"c","active":true,"groups":[],
    "key":"k","permissions":[],"subgroups":[],"user":"u","pass":"p","command":"generate",
    "app":"a","decision":true,"pass1":"p","pass2":"p"}"#;

fn request(method: &str) -> Request {
    let (verb, path) = method.split_once(' ').unwrap();
    let path = path.replace("/plugin/<name>", "/plugin/appkeys").replace(['<', '>'], "");
    let headers =
        [("content-type", "application/json"), ("x-api-key", "key"), ("cookie", "session=s")];
    let request = headers
        .into_iter()
        .fold(Request::to(verb, path), |request, (name, value)| request.with(name, value));
    Request { body: BODY.into(), ..request }
}

fn answer(method: &str, exchange: &Script, version: &str) -> Response {
    let options = RouteOptions {
        version: Some(version.to_owned()),
        ..RouteOptions::of(IdNamespace::named("octoprint"))
    };
    let dialect = OctoPrint::new(Options::of(&options).unwrap());
    now(dialect.answer(&request(method), exchange))
}

/// The methods that need no backend once the caller is known.
const WITHOUT_BACKEND: [&str; 6] = [
    "/api/users",
    "/plugin/appkeys/probe",
    "/plugin/appkeys/request",
    "/plugin/corewizard",
    "/login",
    "/plugin/appkeys/auth",
];

#[test]
fn an_outage_never_looks_like_an_absence() {
    let kinds = [
        (FaultKind::Unavailable, 503),
        (FaultKind::Timeout, 504),
        (FaultKind::Unexpected, 500),
        (FaultKind::Unsupported, 501),
    ];
    for (kind, status) in kinds {
        for method in &METHODS {
            let version = if method.about.contains("before 1.4") { "1.3" } else { "1.11" };
            for has_keys in [true, false] {
                let outage = outage(kind, has_keys, true);
                let needs_backend = !WITHOUT_BACKEND.iter().any(|path| method.name.contains(path));
                if has_keys && !needs_backend {
                    continue;
                }
                let answered = answer(method.name, &outage, version);
                assert_eq!(answered.status, status, "{} {kind:?}: {answered:?}", method.name);
            }
        }
    }
}

#[test]
fn without_a_session_store_no_caller_becomes_a_guest() {
    for method in &METHODS {
        let version = if method.about.contains("before 1.4") { "1.3" } else { "1.11" };
        let outage = outage(FaultKind::Unavailable, true, false);
        let wizard = method.name.contains("corewizard");
        assert!(wizard || answer(method.name, &outage, version).status == 503, "{}", method.name);
    }
}
