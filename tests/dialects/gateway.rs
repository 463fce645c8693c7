//! A gateway in this process: all dialects on a fresh store, without a server.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isogloss::auth::Authority;
use isogloss::config::load;
use isogloss::pipeline::Pipeline;
use isogloss::provision::accounts::Accounts;
use isogloss::provision::bootstrap;
use isogloss::random::random;
use isogloss::registry;
use isogloss::sessions::Sessions;
use isogloss::startup;
use isogloss_canonical::adapter::{Adapter, Defaults, RouteOptions, Service};
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::command::Command;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_store::{DATABASE, SECRET_KEY, Store};
use isogloss_testkit::database::State;
use serde_json::Value;
use tempfile::TempDir;

use crate::calls::{Answer, Asked};

/// The program under test. It copies a store to a database server, if the tests use one.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");

/// An initialised store that is closed. Each gateway starts with a copy of it.
#[derive(Debug)]
pub(crate) struct PreparedStore(TempDir);

impl PreparedStore {
    /// Initialises a store with these accounts.
    pub(crate) async fn of(accounts: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Accounts::read(&accounts.to_string()).unwrap();
        bootstrap::initialise(folder.path(), &accounts).await.unwrap();
        Self(folder)
    }

    /// The same after some commands.
    pub(crate) async fn after(self, commands: Vec<Command>) -> Self {
        let store = Store::open(self.0.path(), registry::own_namespaces()).await.unwrap();
        for command in commands {
            store.execute(command).await.unwrap();
        }
        store.close().await;
        self
    }

    /// Opens a copy.
    pub(crate) async fn open(&self) -> TestGateway {
        let folder = tempfile::tempdir().unwrap();
        for name in [DATABASE, SECRET_KEY] {
            std::fs::copy(self.0.path().join(name), folder.path().join(name)).unwrap();
        }
        let (data, name) = (folder.path().display(), self.0.path().display().to_string());
        let state = State::copy_of(Path::new(PROGRAM), &name, self.0.path()).unwrap();
        let config = folder.path().join("gateway.toml");
        let text = format!("[store]\ndirectory = \"{data}\"\n{}", state.table());
        std::fs::write(&config, text).unwrap();
        let store = startup::open_store(&load::load(Some(&config)).unwrap()).await.unwrap();
        let authority = Arc::new(Authority::new(Duration::ZERO).unwrap());
        let backend = Arc::new(store.clone());
        TestGateway { store, backend, authority, _state: state, _folder: folder }
    }
}

/// An open store, and what the dialects need to use it.
#[derive(Debug)]
pub(crate) struct TestGateway {
    pub(crate) store: Store,
    /// The backend that the dialects use. It is the store, unless a test wraps the store.
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) authority: Arc<Authority>,
    _state: State,
    _folder: TempDir,
}

/// A dialect of a version.
pub(crate) fn dialect_of(dialect: &str, version: Option<&str>) -> Arc<dyn Dialect> {
    let adapter = registry::adapter(dialect).unwrap();
    let options = RouteOptions {
        version: version.map(str::to_owned),
        ..RouteOptions::of(IdNamespace::named(adapter.name))
    };
    options.check(adapter).unwrap();
    adapter.make_dialect(&options).unwrap()
}

impl TestGateway {
    /// The pipeline between a dialect and the backend.
    pub(crate) fn pipeline(&self) -> Pipeline {
        self.pipeline_with(Sessions::of_store(Arc::new(self.store.clone())))
    }

    /// The same with another session store.
    pub(crate) fn pipeline_with(&self, sessions: Sessions) -> Pipeline {
        Pipeline::new(Arc::clone(&self.backend), sessions, Arc::clone(&self.authority))
    }

    /// Sends a request to its dialect and returns the answer.
    pub(crate) async fn send(&self, asked: Asked) -> Answer {
        let pipeline = self.pipeline();
        let dialect = dialect_of(asked.dialect, asked.version);
        let response = dialect.answer(&asked.request, &pipeline as &dyn Exchange).await;
        Answer::of(asked.dialect, &response)
    }

    /// Executes a command in the store itself.
    pub(crate) async fn ask(&self, command: Command) -> Outcome {
        self.store.execute(command).await.unwrap()
    }

    /// Whether a read finds no user.
    pub(crate) async fn store_has_nobody(&self, command: Command) -> bool {
        let found = self.store.execute(command).await;
        found.is_err_and(|fault| fault.is_absence_of(Subject::User))
    }

    /// The record of a user.
    pub(crate) async fn user(&self, name: &str) -> User {
        *self.ask(Command::GetUser(UserRef::Name(name.to_owned()))).await.user().unwrap()
    }

    /// The records of all users.
    pub(crate) async fn users(&self) -> Vec<User> {
        self.ask(Command::ListUsers).await.users().unwrap()
    }

    /// All users, groups and keys as a text, to compare the state before and after. What a sign-in
    /// changes is left out.
    pub(crate) async fn picture(&self) -> String {
        let mut users = self.users().await;
        for user in &mut users {
            user.failures = 0;
            user.locked_until = None;
            user.last_login = None;
        }
        let mut picture = format!("{users:#?}");
        let namespaces = registry::dialects().map(|adapter| IdNamespace::named(adapter.name));
        for namespace in namespaces {
            let groups = self.ask(Command::ListGroups(Some(namespace.clone()))).await;
            let keys = self.ask(Command::ListKeys(None, namespace, KeyChoice::All)).await;
            write!(picture, "{groups:#?}\n{keys:#?}\n").unwrap();
        }
        write!(picture, "{:#?}", self.ask(Command::ListGroups(None)).await).unwrap();
        picture
    }
}

/// A system's backend whose upstream is the system's own dialect on a store, in this process.
pub(crate) fn loopback(
    behind: &TestGateway,
    (system, version): (&Adapter, Option<&str>),
    secret: &str,
) -> Arc<dyn Backend> {
    let service = Service {
        namespace: IdNamespace::named(system.name),
        version: version.map(str::to_owned),
        username: None,
        secret: secret.into(),
        defaults: Defaults::default(),
        random,
        clock: std::time::Instant::now,
    };
    let upstream = Arc::new(Loopback {
        dialect: dialect_of(system.name, version),
        pipeline: behind.pipeline(),
    });
    (system.remote().unwrap().make)(&service, upstream)
}

/// A system in this process: its own dialect on its own store.
#[derive(Debug)]
struct Loopback {
    dialect: Arc<dyn Dialect>,
    pipeline: Pipeline,
}

#[async_trait]
impl Upstream for Loopback {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let length = request.body.len().to_string();
        let request = request.with("content-length", length).with("host", "system.example");
        let mut response = self.dialect.answer(&request, &self.pipeline).await;
        for (name, _) in &mut response.headers {
            *name = name.to_lowercase().into();
        }
        Ok(response)
    }
}
