//! A gateway for tests: it gives every command the same answer and records what it was asked.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::user::{Role, User};
use jiff::Timestamp;
use serde_json::Value;

use crate::database::Database;
use crate::dialect::Kanboard;
use crate::options::Options;
use crate::options::version::Version;

pub(super) const NAMESPACE: IdNamespace = IdNamespace::named("kanboard");
const SEAL: Seal = Seal::new([0; 32]);
/// The application's Basic credentials.
pub(super) const APPLICATION: &str = "jsonrpc:token";
/// A user's Basic credentials.
pub(super) const ANN: &str = "ann:secret";

/// Identifies one caller and gives one answer.
#[derive(Debug)]
pub(super) struct Script {
    caller: Result<Caller, Fault>,
    reply: Result<Outcome, Fault>,
    /// The request is over after this many commands, for this reason.
    pub(super) over: Option<(usize, Fault)>,
    stored: Mutex<HashMap<String, Value>>,
    /// The commands it was asked to run.
    pub(super) asked: Mutex<Vec<Command>>,
    /// The credentials it was asked to check.
    pub(super) shown: Mutex<Vec<Credentials>>,
}

impl Script {
    /// The caller is the application.
    pub(super) fn application(reply: Result<Outcome, Fault>) -> Self {
        Self::of(Ok(Caller::application(NAMESPACE, SEAL)), reply)
    }

    /// The caller is a person.
    pub(super) fn person(user: User, reply: Result<Outcome, Fault>) -> Self {
        Self::of(Ok(Caller::person(user, Proof::Password, SEAL)), reply)
    }

    /// The credentials are refused, or cannot be checked.
    pub(super) fn nobody(fault: Fault) -> Self {
        Self::of(Err(fault), Ok(Outcome::Done))
    }

    fn of(caller: Result<Caller, Fault>, reply: Result<Outcome, Fault>) -> Self {
        Self {
            caller,
            reply,
            over: None,
            stored: Mutex::default(),
            asked: Mutex::default(),
            shown: Mutex::default(),
        }
    }
}

#[async_trait]
impl Exchange for Script {
    async fn identify(&self, shown: Credentials) -> Result<Caller, Fault> {
        self.shown.lock().unwrap().push(shown);
        self.caller.clone()
    }

    async fn call(&self, _: &Caller, command: Command) -> Result<Outcome, Fault> {
        self.asked.lock().unwrap().push(command);
        self.reply.clone()
    }

    fn over(&self) -> Option<Fault> {
        let (after, fault) = self.over.as_ref()?;
        (self.asked.lock().unwrap().len() >= *after).then(|| fault.clone())
    }

    fn batch_limit(&self) -> usize {
        100
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
impl SessionStore for Script {
    async fn recall(&self, _: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        self.reply.clone()?;
        Ok(self.stored.lock().unwrap().get(key).cloned())
    }

    async fn remember(
        &self,
        _: SessionKind,
        key: &str,
        value: Value,
        _: Duration,
    ) -> Result<(), Fault> {
        self.stored.lock().unwrap().insert(key.to_owned(), value);
        Ok(())
    }

    async fn renew(
        &self,
        _: SessionKind,
        key: &str,
        value: Value,
        _: Duration,
    ) -> Result<bool, Fault> {
        let mut stored = self.stored.lock().unwrap();
        let known = stored.contains_key(key);
        if known {
            stored.insert(key.to_owned(), value);
        }
        Ok(known)
    }

    async fn forget(&self, _: SessionKind, key: &str) -> Result<bool, Fault> {
        Ok(self.stored.lock().unwrap().remove(key).is_some())
    }

    async fn count(&self, _: SessionKind, _: &str, _: Duration) -> Result<u64, Fault> {
        Ok(1)
    }

    fn sign(&self, _: SessionKind, _: &str) -> Result<String, Fault> {
        Ok(String::new())
    }
}

/// User 7, as newly created.
pub(super) fn user(role: Role) -> User {
    User { ids: [(NAMESPACE, "7".to_owned())].into(), role, ..User::seen("ann") }
}

/// A request with this body and these Basic credentials.
pub(super) fn request(login: &str, body: &str) -> Request {
    let basic = format!("Basic {}", STANDARD.encode(login));
    Request {
        method: "POST".to_owned(),
        path: "/jsonrpc.php".to_owned(),
        query: None,
        headers: vec![("authorization".to_owned(), basic.into())],
        body: body.to_owned().into(),
        mount: String::new(),
        client: None,
        received: Timestamp::UNIX_EPOCH,
    }
}

/// The default options, but for the database.
pub(super) fn options(database: Database) -> Options {
    Options {
        namespace: NAMESPACE,
        version: Version::default(),
        database,
        authentication_header: None,
    }
}

/// A script never waits, so that one poll completes the future.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a script never waits"),
    }
}

/// The status and the body of the dialect's answer, as on this database.
pub(super) fn answer_on(
    database: Database,
    login: &str,
    body: &str,
    script: &Script,
) -> (u16, String) {
    let dialect = Kanboard::new(options(database));
    let response = run(dialect.answer(&request(login, body), script));
    (response.status, String::from_utf8(response.body.to_vec()).unwrap())
}

/// The status and the body of the dialect's answer.
pub(super) fn answer(login: &str, body: &str, script: &Script) -> (u16, String) {
    answer_on(Database::Sqlite, login, body, script)
}
