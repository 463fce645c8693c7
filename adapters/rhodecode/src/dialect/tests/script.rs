//! A gateway whose backend fails, and helpers by which tests call the dialect.

use isogloss_canonical::credentials::Proof;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use isogloss_testkit::scripted::exchange::Script;
use isogloss_testkit::scripted::now;
use serde_json::{Value, json};

use crate::dialect::RhodeCode;
use crate::options::Options;
use crate::options::version::Version;

/// A gateway that knows its callers, and whose backend fails at every command.
pub(super) fn down(kind: FaultKind) -> Script {
    Script::person(admin(), Proof::Key(None)).failing(kind)
}

/// A gateway that cannot find out who calls either.
pub(super) fn out_of_reach(kind: FaultKind) -> Script {
    Script::nobody(Fault::new(kind, "no backend")).failing(kind)
}

pub(super) fn namespace() -> IdNamespace {
    IdNamespace::named("rhodecode")
}

pub(super) fn admin() -> User {
    User {
        ids: [(namespace(), "2".to_owned())].into(),
        role: Role::Administrator,
        attributes: serde_json::Map::new(),
        ..User::seen("admin".to_owned())
    }
}

/// The dialect of a version.
pub(super) fn dialect(version: Version) -> RhodeCode {
    RhodeCode::new(Options { version, namespace: namespace() })
}

pub(super) fn ask(version: Version, exchange: &dyn Exchange, method: &str, args: &Value) -> Value {
    let body = json!({"id": 1, "auth_token": "x", "method": method, "args": args}).to_string();
    let response = send(version, exchange, &body);
    serde_json::from_slice(&response.body).unwrap()
}

pub(super) fn send(version: Version, exchange: &dyn Exchange, body: &str) -> Response {
    let length = body.len().to_string();
    let mut request = Request::to("POST", "/_admin/api").with("content-length", length);
    request.body = body.to_owned().into();
    request.client = "127.0.0.1".parse().ok();
    now(dialect(version).answer(&request, exchange))
}

pub(super) const OUTAGES: [FaultKind; 5] = [
    FaultKind::Unavailable,
    FaultKind::Timeout,
    FaultKind::Unexpected,
    FaultKind::Throttled,
    FaultKind::Unsupported,
];
