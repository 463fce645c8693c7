//! Without a gateway: an outage never looks like an absence.

use std::time::Duration;

use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::user::{Role, User};
use jiff::Timestamp;
use serde_json::Value;

use super::*;

/// A gateway whose backend cannot be reached, and perhaps neither its keys nor its session store.
#[derive(Debug)]
struct Outage {
    kind: FaultKind,
    has_keys: bool,
    has_sessions: bool,
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
        if self.has_keys { Ok(caller) } else { Err(self.fault()) }
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
        if self.has_sessions { Ok(None) } else { Err(self.fault()) }
    }

    async fn remember(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<(), Fault> {
        if self.has_sessions { Ok(()) } else { Err(self.fault()) }
    }

    async fn renew(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<bool, Fault> {
        if self.has_sessions { Ok(false) } else { Err(self.fault()) }
    }

    async fn forget(&self, _: SessionKind, _: &str) -> Result<bool, Fault> {
        if self.has_sessions { Ok(false) } else { Err(self.fault()) }
    }

    async fn count(&self, _: SessionKind, _: &str, _: Duration) -> Result<u64, Fault> {
        if self.has_sessions { Ok(1) } else { Err(self.fault()) }
    }

    fn sign(&self, _: SessionKind, _: &str) -> Result<String, Fault> {
        if self.has_sessions { Ok(String::new()) } else { Err(self.fault()) }
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

/// Runs a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future is not ready"),
    }
}

fn answer(method: &str, exchange: &Outage, version: &str) -> Response {
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
                let outage = Outage { kind, has_keys, has_sessions: true };
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
        let outage = Outage { kind: FaultKind::Unavailable, has_keys: true, has_sessions: false };
        let wizard = method.name.contains("corewizard");
        assert!(wizard || answer(method.name, &outage, version).status == 503, "{}", method.name);
    }
}
