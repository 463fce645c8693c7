//! The parts of a request that authentication needs.

use std::net::IpAddr;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserId, UserRef};
use isogloss_canonical::verb::Verb;
use uuid::Uuid;

use crate::runner::Runner;
use crate::sessions::Sessions;
use crate::upstream::caller;

/// An id that no account has. It is used for an unknown name, so that the same commands are
/// executed and the time does not show whether the account exists. The sidecar does not ask its
/// system for this id.
pub(super) const NOBODY: UserId = UserId(Uuid::nil());

/// The backend whose people may call, the counters of failed attempts, and the client's address.
#[derive(Clone, Copy, Debug)]
pub struct AuthRequest<'a> {
    /// The backend of the route.
    pub runner: &'a Runner,
    /// The session store of this backend.
    pub sessions: &'a Sessions,
    /// The client's address. `None`: unknown.
    pub client: Option<IpAddr>,
}

impl AuthRequest<'_> {
    /// Runs a command in the gateway's own name.
    pub(super) async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        if matches!(command.verb(), Verb::VerifyPassword | Verb::FindKey) {
            return caller::at(self.client, self.runner.execute(command)).await;
        }
        self.runner.execute(command).await
    }

    /// Whether the system behind counts failed sign-ins and locks accounts itself.
    pub(super) fn counts_failures(&self) -> bool {
        self.runner.capability().counts_failures()
    }

    /// A person. `None` if the backend has no person with this id or name.
    pub(super) async fn user(&self, user: UserRef) -> Result<Option<User>, Fault> {
        let found = self.execute(Command::GetUser(user)).await.and_then(Outcome::user);
        Ok(unless_absent(found)?.map(|user| *user))
    }
}

/// `None` if the answer says that the user does not exist.
pub(super) fn unless_absent<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
        Err(fault) => Err(fault),
    }
}
