//! Helpers by which tests call a backend and check what it returns.

use std::fmt;
use std::sync::Arc;

use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use isogloss_testkit::scripted::now;

use crate::backend::tests::server::{self, NAMESPACE, Recorded, backend};

/// The recorded servers: the folder of each, and its version.
pub(super) const SERVERS: [(&str, Option<&str>); 2] =
    [("rhodecode", None), ("rhodecode43", Some("4.3"))];

pub(super) fn run(backend: &Arc<dyn Backend>, command: Command) -> Result<Outcome, Fault> {
    now(backend.execute(command))
}

/// Runs a test against both recorded servers.
pub(super) fn on_both(scenario: &str, play: impl Fn(&Arc<Recorded>, &Arc<dyn Backend>)) {
    for (folder, version) in SERVERS {
        let server = Recorded::scenario(folder, scenario);
        let backend = backend(version, &server);
        play(&server, &backend);
    }
}

pub(super) fn native(id: impl fmt::Display) -> UserRef {
    UserRef::Native(NAMESPACE, id.to_string())
}

pub(super) fn someone() -> UserRef {
    native(server::ID)
}

pub(super) fn named(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

pub(super) fn team() -> GroupRef {
    GroupRef::Native(NAMESPACE, server::ID.to_string())
}

pub(super) fn new(username: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        password: Some("x".into()),
        email: Some(format!("{username}@example.com")),
        ..NewUser::default()
    }
}

pub(super) fn create(user: NewUser) -> Command {
    Command::CreateUser(Box::new(user))
}

pub(super) fn change(patch: UserPatch) -> Command {
    Command::UpdateUser(someone(), Box::new(patch))
}

pub(super) fn user(result: Result<Outcome, Fault>) -> User {
    *result.unwrap().user().unwrap()
}

#[track_caller]
pub(super) fn fails(
    result: Result<Outcome, Fault>,
    kind: FaultKind,
    subject: impl Into<Option<Subject>>,
) {
    let fault = result.unwrap_err();
    assert_eq!((fault.kind, fault.subject), (kind, subject.into()), "{fault:?}");
}

#[track_caller]
pub(super) fn absent(result: Result<Outcome, Fault>) {
    fails(result, FaultKind::NotFound, Subject::User);
}

#[expect(clippy::unnecessary_wraps, reason = "the type of a field of a change")]
pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}
