//! The gateway's own account in a system is left alone: whoever disables it, deletes it, or takes
//! its rights or its password away takes the system away from everybody.
//!
//! This layer lies directly over every system. It asks the system whose credential the gateway
//! calls with, and refuses what would harm that account. It also logs what a list of the system
//! could not show.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::backend::{Backend, OwnAccount};
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Role, User, UserPatch, UserRef};
use tokio::time::Instant;
use tracing::warn;

use crate::upstream::sent;

/// How long the system's answer is believed: somebody may rename the account there.
const BELIEVED: Duration = Duration::from_mins(1);

/// What is refused, for the matrix.
pub const REFUSED: &str = "deactivation, demotion, deletion, a new name, and changes of password, \
                           keys and groups";

/// The layer.
#[derive(Debug)]
pub struct OwnAccountKept {
    system: Arc<dyn Backend>,
    name: String,
    namespace: IdNamespace,
    numbering: Numbering,
    /// The namespace of the system's own sets of rights.
    rights: IdNamespace,
    known: Mutex<Option<(Instant, OwnAccount)>>,
}

impl OwnAccountKept {
    /// Lays the layer over a system: the backend's name for the log, the namespace of its people's ids
    /// and how they are numbered, and the namespace of its own sets of rights.
    #[must_use]
    pub fn over(
        system: Arc<dyn Backend>,
        name: &str,
        (namespace, numbering): (IdNamespace, Numbering),
        rights: IdNamespace,
    ) -> Arc<dyn Backend> {
        let (name, known) = (name.to_owned(), Mutex::default());
        Arc::new(Self { system, name, namespace, numbering, rights, known })
    }

    /// Refuses what would harm the gateway's own account.
    async fn check(&self, command: &Command) -> Result<(), Fault> {
        let Some((user, what)) = self.harm(command) else { return Ok(()) };
        let OwnAccount::Account(own) = self.own().await? else { return Ok(()) };
        if !self.is(&own, user) {
            return Ok(());
        }
        warn!(
            backend = self.name,
            "{what} is refused: it is the account of the gateway's own credential"
        );
        Err(Fault::new(FaultKind::Forbidden, "the gateway's own account").about(Subject::User))
    }

    /// Whose credential the gateway calls with. It is asked once, and again after a while.
    async fn own(&self) -> Result<OwnAccount, Fault> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, own)) = known.filter(|(since, _)| since.elapsed() < BELIEVED) {
            return Ok(own);
        }
        let own = self.system.own_account().await.map_err(own_trouble)?;
        if own == OwnAccount::Unknown {
            warn!(
                backend = self.name,
                "the system does not say whose the gateway's credential is: that account is not \
                 kept from harm"
            );
        }
        let now = Some((Instant::now(), own.clone()));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(own)
    }

    fn is(&self, own: &User, user: &UserRef) -> bool {
        match (user, self.numbering) {
            (UserRef::Native(namespace, id), Numbering::From(_)) => {
                *namespace == self.namespace && own.native(namespace) == Some(id)
            }
            (UserRef::Native(namespace, name), Numbering::Names) => {
                *namespace == self.namespace && own.username == *name
            }
            (UserRef::Name(name), _) => own.username == *name,
            (UserRef::Id(_) | UserRef::FoldedName(_) | UserRef::Email(_), _) => false,
        }
    }

    /// Whom a command would harm if it was the gateway's own account, and how.
    fn harm<'a>(&self, command: &'a Command) -> Option<(&'a UserRef, &'static str)> {
        match command {
            Command::UpdateUser(user, patch) => self.harm_of(patch).map(|what| (user, what)),
            Command::DeactivateUser(user) => Some((user, "deactivation")),
            Command::DeleteUser(user) => Some((user, "deletion")),
            Command::ChangePassword(user, _) => Some((user, "a change of the password")),
            Command::IssueKey(Some(user), _) | Command::RevokeKeys(Some(user), ..) => {
                Some((user, "a change of keys"))
            }
            Command::AddMember(_, user) | Command::RemoveMember(_, user) => {
                Some((user, "a change of groups"))
            }
            Command::CreateUser(_)
            | Command::CreateFromDirectory(_)
            | Command::GetUser(_)
            | Command::ListUsers
            | Command::ActivateUser(_)
            | Command::IssueKey(None, _)
            | Command::RevokeKeys(None, ..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::CreateGroup(_)
            | Command::GetGroup(_)
            | Command::ListGroups(_)
            | Command::UpdateGroup(..)
            | Command::DeleteGroup(_)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyPassword(..)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_) => None,
        }
    }

    fn harm_of(&self, patch: &UserPatch) -> Option<&'static str> {
        let chief = patch.role == Some(Role::Administrator);
        let grouped = patch.groups.as_ref().is_some_and(|change| change.namespace == self.rights);
        let harms = [
            (patch.active == Some(false), "deactivation"),
            (patch.role.is_some() && !chief, "demotion"),
            // An administrator's groups change nothing.
            (grouped && !chief, "a change of groups"),
            (patch.password.is_some(), "a change of the password"),
            (patch.username.is_some(), "a new name"),
        ];
        harms.into_iter().find(|(harms, _)| *harms).map(|(_, what)| what)
    }
}

/// That the gateway cannot read its own account is nobody else's doing.
fn own_trouble(fault: Fault) -> Fault {
    if fault.kind.is_callers() {
        return Fault::new(FaultKind::Unexpected, "the gateway's own account cannot be read")
            .because(fault);
    }
    fault
}

#[async_trait]
impl Backend for OwnAccountKept {
    fn capability(&self) -> &Capability {
        self.system.capability()
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        self.check(&command).await?;
        let outcome = sent::tracked(self.system.execute(command)).await;
        match &outcome {
            Ok(Outcome::UsersInPart(_, unread)) => {
                for why in unread {
                    warn!(backend = self.name, "a row of a list is left out: {why}");
                }
            }
            // Perhaps the credential is another's now.
            Err(fault) if fault.kind == FaultKind::Unavailable => {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            _ => {}
        }
        outcome
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.own().await
    }
}

#[cfg(test)]
mod tests;
