//! A store in its own directory, and short functions for the commands of the tests.

use std::ops::Deref;
use std::path::Path;

use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, NewGroup};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, User, UserRef};
use isogloss_store::{Numbered, Store};
use sqlx::Connection as _;
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

pub(crate) struct Fresh {
    pub(crate) store: Store,
    pub(crate) directory: TempDir,
}

impl Deref for Fresh {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

pub(crate) async fn fresh() -> Fresh {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), namespaces()).await.unwrap();
    Fresh { store, directory }
}

/// A database connection as another process would open it.
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

#[track_caller]
pub(crate) fn assert_fault<T: std::fmt::Debug>(
    answer: Result<T, Fault>,
    kind: FaultKind,
    subject: impl Into<Option<Subject>>,
) {
    let fault = answer.unwrap_err();
    assert_eq!((fault.kind, fault.subject), (kind, subject.into()), "{fault}");
}
