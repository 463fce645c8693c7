//! What is said while the backend cannot be asked: never that somebody or something is not there.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::user::{Role, User};
use jiff::Timestamp;
use serde_json::{Value, json};

mod costs;

use crate::dialect::RhodeCode;
use crate::version::Version;

/// A gateway whose backend fails at every command.
#[derive(Debug)]
struct Down {
    kind: FaultKind,
    knows_callers: bool,
}

#[async_trait]
impl Exchange for Down {
    async fn identify(&self, _: Credentials) -> Result<Caller, Fault> {
        if !self.knows_callers {
            return Err(Fault::new(self.kind, "no backend"));
        }
        Ok(Caller::person(admin(), Proof::Key(None), Seal::new([0; 32])))
    }

    async fn call(&self, _: &Caller, _: Command) -> Result<Outcome, Fault> {
        Err(Fault::new(self.kind, "no backend"))
    }

    fn sessions(&self) -> &dyn SessionStore {
        self
    }

    fn random(&self) -> [u8; 32] {
        [7; 32]
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[async_trait]
impl SessionStore for Down {
    async fn recall(&self, _: SessionKind, _: &str) -> Result<Option<Value>, Fault> {
        Ok(None)
    }

    async fn remember(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<(), Fault> {
        Ok(())
    }

    async fn renew(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<bool, Fault> {
        Ok(false)
    }

    async fn forget(&self, _: SessionKind, _: &str) -> Result<bool, Fault> {
        Ok(false)
    }

    async fn count(&self, _: SessionKind, _: &str, _: Duration) -> Result<u64, Fault> {
        Ok(0)
    }

    fn sign(&self, _: SessionKind, _: &str) -> Result<String, Fault> {
        Ok(String::new())
    }
}

fn namespace() -> IdNamespace {
    IdNamespace::named("rhodecode")
}

fn admin() -> User {
    User {
        ids: [(namespace(), "2".to_owned())].into(),
        role: Role::Administrator,
        attributes: serde_json::Map::new(),
        ..User::seen("admin".to_owned())
    }
}

/// Runs what never waits.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a scripted exchange does not wait"),
    }
}

fn ask(version: Version, exchange: &dyn Exchange, method: &str, args: &Value) -> Value {
    let body = json!({"id": 1, "auth_token": "x", "method": method, "args": args}).to_string();
    let response = send(version, exchange, &body);
    serde_json::from_slice(&response.body).unwrap()
}

fn send(version: Version, exchange: &dyn Exchange, body: &str) -> Response {
    let request = Request {
        method: "POST".to_owned(),
        path: "/_admin/api".to_owned(),
        query: None,
        headers: vec![("content-length".to_owned(), body.len().to_string().into())],
        body: body.to_owned().into(),
        mount: String::new(),
        client: "127.0.0.1".parse().ok(),
        received: Timestamp::UNIX_EPOCH,
    };
    now(RhodeCode::new(version, namespace()).answer(&request, exchange))
}

const OUTAGES: [FaultKind; 5] = [
    FaultKind::Unavailable,
    FaultKind::Timeout,
    FaultKind::Unexpected,
    FaultKind::Throttled,
    FaultKind::Unsupported,
];

#[test]
fn an_outage_is_an_error_and_no_absence() {
    let args = json!({
        "userid": "x", "username": "x", "email": "x@example.com", "usergroupid": "x",
        "sourceusergroupid": "x", "group_name": "xx", "perm": "usergroup.read",
    });
    let silent = ["get_method", "rescan_repos", "get_repo_store", "cleanup_sessions"];
    for version in [Version::Current, Version::Early] {
        for row in super::registry::rows(version) {
            let name = row.method.name;
            let about_people =
                !row.elsewhere && !name.starts_with("test") && !silent.contains(&name);
            if !about_people || name == "store_exception" {
                continue;
            }
            for kind in OUTAGES {
                let answer = ask(version, &Down { kind, knows_callers: true }, name, &args);
                let error = answer["error"].as_str().unwrap_or_default();
                let told = error == "Internal server error"
                    || error == "Missing non optional `repogroupid` arg in JSON DATA";
                assert!(told, "{name} {kind:?}: {answer}");
            }
        }
    }
}

#[test]
fn a_caller_who_cannot_be_known_is_not_called_unknown() {
    for kind in OUTAGES {
        let down = Down { kind, knows_callers: false };
        let answer = ask(Version::Current, &down, "get_user", &json!({}));
        assert_eq!(answer["error"], "Internal server error", "{kind:?}");
    }
}

#[test]
fn what_takes_no_backend_is_answered_without_one() {
    let down = Down { kind: FaultKind::Unavailable, knows_callers: true };
    let answer = ask(Version::Current, &down, "test", &json!({"args": [1]}));
    assert_eq!(answer, json!({"id": 1, "error": null, "result": [1]}));
    let parameters = ask(Version::Current, &down, "get_method", &json!({"pattern": "get_ip"}));
    let named = json!({
        "request": "<RequiredType>",
        "apiuser": "<RequiredType>",
        "userid": "<Optional:<OptionalAttr:apiuser>>",
    });
    assert_eq!(parameters["result"], json!(["get_ip", named]));
}
