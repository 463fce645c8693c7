//! Without a gateway: an outage never looks like an absence.

mod appkeys;
mod bodies;
mod sockets;

use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::credentials::Proof;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use isogloss_testkit::scripted::exchange::Script;
use isogloss_testkit::scripted::now;
use isogloss_testkit::scripted::session_store::Sessions;

use serde_json::{Value, json};

use super::*;
use crate::options::version::Version;

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

/// The dialect of a version, with these options of the route.
fn dialect_of(version: &str, settings: &Value) -> OctoPrint {
    let mut options = RouteOptions {
        version: Some(version.to_owned()),
        ..RouteOptions::of(IdNamespace::named("octoprint"))
    };
    for (name, value) in settings.as_object().unwrap() {
        options.settings.insert(name.clone(), value.clone());
    }
    OctoPrint::new(Options::of(&options).unwrap())
}

fn answer(method: &str, exchange: &Script, version: &str) -> Response {
    now(dialect_of(version, &json!({})).answer(&request(method), exchange))
}

/// The methods that need no backend once the caller is known, by version.
const WITHOUT_BACKEND: [(&str, &[&str]); 3] = [
    (
        "1.11",
        &[
            "/api/users",
            "/plugin/appkeys/probe",
            "/plugin/appkeys/request",
            "/plugin/corewizard",
            "/api/setup",
            "POST /",
            "/login",
            "/plugin/appkeys/auth",
        ],
    ),
    (
        "1.3",
        &[
            "/plugin/appkeys/probe",
            "/plugin/appkeys/request",
            "/plugin/appkeys/decision",
            "/plugin/corewizard",
            "/api/logout",
            "/api/version",
            "GET /",
        ],
    ),
    ("1.3.0", &["/plugin", "/api/logout", "/api/version", "GET /"]),
];

/// The methods of a version that need the backend.
fn with_backend(version: Version) -> impl Iterator<Item = &'static str> {
    let paths = WITHOUT_BACKEND.iter().find(|(name, _)| *name == version.name()).unwrap().1;
    let named = |name: &str, path: &str| {
        if path.contains(' ') { name == path } else { name.contains(path) }
    };
    let needed = move |name: &&str| !paths.iter().any(|path| named(name, path));
    table::infos(version).iter().map(|method| method.name).filter(needed)
}

/// The methods of a version that prove the caller's key: since 1.4 also one whose path does not exist,
/// in 1.3.0 those of the API.
fn proving(version: Version) -> impl Iterator<Item = &'static str> {
    let proves = move |name: &&str| match version {
        Version::V1_11 => true,
        Version::V1_3 => !name.contains("corewizard"),
        Version::V1_3_0 => name.contains(" /api/"),
    };
    table::infos(version).iter().map(|method| method.name).filter(proves)
}

#[test]
fn an_outage_never_looks_like_an_absence() {
    let kinds = [
        (FaultKind::Unavailable, 503),
        (FaultKind::Timeout, 504),
        (FaultKind::Unexpected, 500),
        (FaultKind::Unsupported, 501),
    ];
    for (kind, status) in kinds {
        for version in Version::ALL {
            let mut calls: Vec<_> = with_backend(version).map(|method| (method, true)).collect();
            calls.extend(proving(version).map(|method| (method, false)));
            for (method, has_keys) in calls {
                let name = version.name();
                let answered = answer(method, &outage(kind, has_keys, true), name);
                // 1.3.0 fails here whatever the backend says.
                let failed = name == "1.3.0" && answered.status == 500;
                assert!(
                    answered.status == status || failed,
                    "{name} {method} {kind:?}: {answered:?}"
                );
            }
        }
    }
}

/// Before 1.4 a caller with a key needs no session.
#[test]
fn without_a_session_store_no_caller_becomes_a_guest() {
    for version in Version::ALL {
        for method in table::infos(version).iter().map(|method| method.name) {
            let outage = outage(FaultKind::Unavailable, true, false);
            let status = answer(method, &outage, version.name()).status;
            let wizard = method.contains("wizard") || method == "POST /";
            let by_session = version == Version::V1_11;
            let refused = if by_session { status != 503 } else { matches!(status, 401 | 403) };
            assert!(wizard || !refused, "{} {method}: {status}", version.name());
        }
    }
}
