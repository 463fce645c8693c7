//! A store in its own directory, and short functions for the commands of the tests.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, NewGroup};
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, User, UserRef};
use isogloss_store::{Numbered, Store};
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;

pub(crate) const KANBOARD: IdNamespace = IdNamespace::named("kanboard");
pub(crate) const RHODECODE: IdNamespace = IdNamespace::named("rhodecode");
pub(crate) const DANDELION: IdNamespace = IdNamespace::named("dandelion");
pub(crate) const OCTOPRINT: IdNamespace = IdNamespace::named("octoprint");

pub(crate) fn namespaces() -> Vec<Numbered> {
    let row = |namespace, users, groups, teams, shows_keys| Numbered {
        namespace,
        users,
        groups,
        teams,
        shows_keys,
        gives_ids: false,
    };
    vec![
        row(OCTOPRINT, Numbering::Names, Numbering::Names, false, true),
        row(RHODECODE, Numbering::From(2), Numbering::From(1), true, true),
        row(KANBOARD, Numbering::From(1), Numbering::From(1), true, false),
        row(DANDELION, Numbering::From(1), Numbering::From(1), false, true),
    ]
}

/// The URL of a PostgreSQL server (`scripts/with-postgres` sets it). If it is set, the tests use it.
const SERVER: &str = "TEST_POSTGRES_URL";

pub(crate) struct Fresh {
    pub(crate) store: Store,
    pub(crate) directory: TempDir,
    /// The URL of the server, with a schema of its own.
    server: Option<String>,
}

impl Deref for Fresh {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// A new, empty store.
pub(crate) async fn fresh() -> Fresh {
    fresh_with(namespaces()).await
}

/// The same with these id namespaces.
pub(crate) async fn fresh_with(namespaces: Vec<Numbered>) -> Fresh {
    let directory = TempDir::new().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the script that starts the server names it")]
    let server = match std::env::var(SERVER) {
        Ok(url) => Some(own_schema(&url).await),
        Err(_) => None,
    };
    let store = open(directory.path(), server.as_deref(), namespaces).await.unwrap();
    Fresh { store, directory, server }
}

async fn open(
    directory: &Path,
    server: Option<&str>,
    namespaces: Vec<Numbered>,
) -> Result<Store, Fault> {
    match server {
        None => Store::open(directory, namespaces).await,
        Some(url) => {
            let secret = directory.join(isogloss_store::SECRET_KEY);
            Store::connect(&url.into(), &secret, Duration::from_secs(5), namespaces).await
        }
    }
}

async fn own_schema(url: &str) -> String {
    let mut server = Direct::Postgres(sqlx::PgConnection::connect(url).await.unwrap());
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    server.execute(&format!("CREATE SCHEMA {name}")).await;
    format!("{url}?options[search_path]={name}")
}

/// A store that shares its database with no other test. `None`: the tests use no server.
pub(crate) async fn fresh_alone() -> Option<Fresh> {
    #[expect(clippy::disallowed_methods, reason = "the script that starts the server names it")]
    let url = std::env::var(SERVER).ok()?;
    let mut server = Direct::Postgres(sqlx::PgConnection::connect(&url).await.unwrap());
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    server.execute(&format!("CREATE DATABASE {name}")).await;
    let (host, _) = url.rsplit_once('/').unwrap();
    let (directory, server) = (TempDir::new().unwrap(), format!("{host}/{name}?"));
    let store = open(directory.path(), Some(&server), namespaces()).await.unwrap();
    Some(Fresh { store, directory, server: Some(server) })
}

impl Fresh {
    /// The name of the engine.
    pub(crate) const fn engine(&self) -> &'static str {
        if self.server.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// The same store, as another gateway would open it.
    pub(crate) async fn again(&self) -> Store {
        open(self.directory.path(), self.server.as_deref(), namespaces()).await.unwrap()
    }

    /// The same with settings of each session, if the database is on a server. Example:
    /// `deadlock_timeout=10ms`.
    pub(crate) async fn again_with(&self, settings: &[&str]) -> Option<Store> {
        let mut url = self.server.clone()?;
        for setting in settings {
            let (name, value) = setting.split_once('=').unwrap();
            url = format!("{url}&options[{name}]={value}");
        }
        Some(open(self.directory.path(), Some(&url), namespaces()).await.unwrap())
    }

    /// A database connection as another process would open it.
    pub(crate) async fn direct(&self) -> Direct {
        match &self.server {
            Some(url) => Direct::Postgres(sqlx::PgConnection::connect(url).await.unwrap()),
            None => Direct::Sqlite(another(self.directory.path()).await),
        }
    }
}

/// A connection that bypasses the store.
pub(crate) enum Direct {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Direct {
    /// Executes a statement, and answers how many rows it has changed.
    pub(crate) async fn execute(&mut self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(direct) => sqlx::query(sql).execute(direct).await.unwrap().rows_affected(),
            Self::Postgres(direct) => {
                sqlx::query(sql).execute(direct).await.unwrap().rows_affected()
            }
        }
    }

    /// What the database says about a statement that it refuses.
    pub(crate) async fn refused(&mut self, sql: &str) -> String {
        let sql = AssertSqlSafe(sql.to_owned());
        let refused = match self {
            Self::Sqlite(direct) => sqlx::query(sql).execute(direct).await.map(drop),
            Self::Postgres(direct) => sqlx::query(sql).execute(direct).await.map(drop),
        };
        refused.unwrap_err().to_string()
    }

    /// The only value of a query.
    pub(crate) async fn text(&mut self, sql: &str) -> String {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(direct) => sqlx::query_scalar(sql).fetch_one(direct).await.unwrap(),
            Self::Postgres(direct) => sqlx::query_scalar(sql).fetch_one(direct).await.unwrap(),
        }
    }

    /// The same for a number.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(direct) => sqlx::query_scalar(sql).fetch_one(direct).await.unwrap(),
            Self::Postgres(direct) => sqlx::query_scalar(sql).fetch_one(direct).await.unwrap(),
        }
    }
}

/// A connection to the SQLite file of a directory as another process would open it.
pub(crate) async fn another(directory: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new();
    let options = options.filename(directory.join("isogloss.sqlite"));
    sqlx::SqliteConnection::connect_with(&options).await.unwrap()
}

pub(crate) async fn ask(store: &Store, command: Command) -> Result<Outcome, Fault> {
    store.execute(command).await
}

pub(crate) async fn create(store: &Store, new: NewUser) -> Result<User, Fault> {
    let outcome = ask(store, Command::CreateUser(Box::new(new))).await?;
    Ok(*outcome.user()?)
}

pub(crate) fn named(username: &str) -> NewUser {
    NewUser { username: username.to_owned(), ..NewUser::default() }
}

pub(crate) async fn person(store: &Store, username: &str) -> User {
    create(store, named(username)).await.unwrap()
}

pub(crate) async fn get(store: &Store, user: impl Into<UserRef>) -> Result<User, Fault> {
    Ok(*ask(store, Command::GetUser(user.into())).await?.user()?)
}

pub(crate) async fn create_group(store: &Store, new: NewGroup) -> Result<Group, Fault> {
    Ok(*ask(store, Command::CreateGroup(Box::new(new))).await?.group()?)
}

pub(crate) async fn team(store: &Store, name: &str) -> Group {
    create_group(store, NewGroup { name: name.to_owned(), ..NewGroup::default() }).await.unwrap()
}

/// A key without a label and without restrictions.
pub(crate) fn key(namespace: IdNamespace, value: &str) -> NewKey {
    NewKey {
        namespace,
        value: value.into(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::Gateway,
        replaces: false,
    }
}

#[track_caller]
pub(crate) fn assert_fault<T: std::fmt::Debug>(
    answer: Result<T, Fault>,
    kind: FaultKind,
    subject: impl Into<Option<Subject>>,
) {
    let fault = answer.unwrap_err();
    assert_eq!((fault.kind, fault.subject), (kind, subject.into()), "{fault}");
}
