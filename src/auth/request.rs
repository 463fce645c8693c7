//! What a proof needs of the request that it is for.

use std::net::IpAddr;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserId, UserRef};
use uuid::Uuid;

use crate::runner::Runner;
use crate::sessions::Sessions;

/// The id of no account. It stands for a name that no account has where a command is executed only
/// so that the time does not tell whether the account exists. The sidecar does not ask its system for such an id.
pub(super) const NOBODY: UserId = UserId(Uuid::nil());

/// The backend whose people may call, the counters of failed attempts, and the client's address.
#[derive(Clone, Copy, Debug)]
pub struct AuthRequest<'a> {
    /// The backend of the route.
    pub runner: &'a Runner,
    /// Its part of the session store.
    pub sessions: &'a Sessions,
    /// The client's address; `None`: not known.
    pub client: Option<IpAddr>,
}

impl AuthRequest<'_> {
    /// Runs a command in the gateway's own name.
    pub(super) async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        self.runner.execute(command).await
    }

    /// A person; `None` if the backend has nobody of this id or name.
    pub(super) async fn user(&self, user: UserRef) -> Result<Option<User>, Fault> {
        let found = self.execute(Command::GetUser(user)).await.and_then(Outcome::user);
        Ok(unless_absent(found)?.map(|user| *user))
    }
}

/// `None`: there is no such user.
pub(super) fn unless_absent<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
        Err(fault) => Err(fault),
    }
}
