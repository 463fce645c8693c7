//! What can be shown without a gateway: that an outage is never worded as an absence.

use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::adapter::RouteOptions;
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
use serde_json::Value;

use super::{METHODS, OctoPrint};
use crate::options::Settings;

/// A gateway whose backend is out of reach, and maybe its memory and its keys too.
#[derive(Debug)]
struct Outage {
    kind: FaultKind,
    knows_keys: bool,
    remembers: bool,
}

impl Outage {
    fn fault(&self) -> Fault {
        Fault::new(self.kind, "out of reach")
    }
}

#[async_trait]
impl Exchange for Outage {
    async fn identify(&self, _: Credentials) -> Result<Caller, Fault> {
        let caller = Caller::person(admin(), Proof::Key(None), Seal::new([0; 32]));
        if self.knows_keys { Ok(caller) } else { Err(self.fault()) }
    }

    async fn call(&self, _: &Caller, _: Command) -> Result<Outcome, Fault> {
        Err(self.fault())
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
impl SessionStore for Outage {
    async fn recall(&self, _: SessionKind, _: &str) -> Result<Option<Value>, Fault> {
        if self.remembers { Ok(None) } else { Err(self.fault()) }
    }

    async fn remember(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<(), Fault> {
        if self.remembers { Ok(()) } else { Err(self.fault()) }
    }

    async fn renew(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<bool, Fault> {
        if self.remembers { Ok(false) } else { Err(self.fault()) }
    }

    async fn forget(&self, _: SessionKind, _: &str) -> Result<bool, Fault> {
        if self.remembers { Ok(false) } else { Err(self.fault()) }
    }

    async fn count(&self, _: SessionKind, _: &str, _: Duration) -> Result<u64, Fault> {
        if self.remembers { Ok(1) } else { Err(self.fault()) }
    }

    fn sign(&self, _: SessionKind, _: &str) -> Result<String, Fault> {
        if self.remembers { Ok(String::new()) } else { Err(self.fault()) }
    }
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
    Request {
        method: verb.to_owned(),
        path,
        query: None,
        headers: headers.map(|(name, value)| (name.to_owned(), value.into())).to_vec(),
        body: BODY.into(),
        mount: String::new(),
        client: None,
        received: Timestamp::UNIX_EPOCH,
    }
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("waits"),
    }
}

fn answer(method: &str, exchange: &Outage, version: &str) -> Response {
    let options = RouteOptions {
        version: Some(version.to_owned()),
        ..RouteOptions::of(IdNamespace::named("octoprint"))
    };
    let dialect = OctoPrint::new(Settings::of(&options).unwrap());
    now(dialect.answer(&request(method), exchange))
}

/// The methods that ask the backend nothing once the caller is known.
const SELF_SUFFICIENT: [&str; 6] = [
    "/api/users",
    "/plugin/appkeys/probe",
    "/plugin/appkeys/request",
    "/plugin/corewizard",
    "/login",
    "/plugin/appkeys/auth",
];

#[test]
fn an_outage_is_never_worded_as_absence() {
    let kinds = [
        (FaultKind::Unavailable, 503),
        (FaultKind::Timeout, 504),
        (FaultKind::Unexpected, 500),
        (FaultKind::Unsupported, 501),
    ];
    for (kind, status) in kinds {
        for method in &METHODS {
            let version = if method.about.contains("before 1.4") { "1.3" } else { "1.11" };
            for knows_keys in [true, false] {
                let outage = Outage { kind, knows_keys, remembers: true };
                let needs_backend = !SELF_SUFFICIENT.iter().any(|path| method.name.contains(path));
                if knows_keys && !needs_backend {
                    continue;
                }
                let answered = answer(method.name, &outage, version);
                assert_eq!(answered.status, status, "{} {kind:?}: {answered:?}", method.name);
            }
        }
    }
}

#[test]
fn without_memory_nobody_is_taken_for_a_guest() {
    for method in &METHODS {
        let version = if method.about.contains("before 1.4") { "1.3" } else { "1.11" };
        let outage = Outage { kind: FaultKind::Unavailable, knows_keys: true, remembers: false };
        let wizard = method.name.contains("corewizard");
        assert!(wizard || answer(method.name, &outage, version).status == 503, "{}", method.name);
    }
}
