//! A gateway whose backend fails, and helpers by which tests call the dialect.

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

use crate::dialect::RhodeCode;
use crate::options::Options;
use crate::options::version::Version;

/// A gateway whose backend fails at every command.
#[derive(Debug)]
pub(super) struct Down {
    pub(super) kind: FaultKind,
    pub(super) knows_callers: bool,
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

/// Completes a future that never waits.
pub(super) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a scripted exchange does not wait"),
    }
}

pub(super) fn ask(version: Version, exchange: &dyn Exchange, method: &str, args: &Value) -> Value {
    let body = json!({"id": 1, "auth_token": "x", "method": method, "args": args}).to_string();
    let response = send(version, exchange, &body);
    serde_json::from_slice(&response.body).unwrap()
}

pub(super) fn send(version: Version, exchange: &dyn Exchange, body: &str) -> Response {
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
    now(dialect(version).answer(&request, exchange))
}

pub(super) const OUTAGES: [FaultKind; 5] = [
    FaultKind::Unavailable,
    FaultKind::Timeout,
    FaultKind::Unexpected,
    FaultKind::Throttled,
    FaultKind::Unsupported,
];
