//! Protects the gateway's own account in a remote system. If it were disabled, deleted, or lost its
//! rights or its password, the backend would fail for all users.
//!
//! This layer wraps each system directly. It asks the system for the account of the gateway's
//! credential, and refuses commands that would harm this account. It also logs which users a list
//! of the system could not show.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::backend::{Backend, OwnAccount};
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserPatch, UserRef};
use serde_json::Value;
use tokio::time::Instant;
use tracing::warn;

use crate::upstream::sent;

/// How long the system's answer is valid. The account can be renamed in the system.
const BELIEVED: Duration = Duration::from_mins(1);

/// The refused changes, for the matrix.
pub const REFUSED: &str = "deactivation, demotion, deletion, a new name, and changes of password, \
                           keys and groups";

/// The layer.
#[derive(Clone, Debug)]
pub struct OwnAccountKept {
    system: Arc<dyn Backend>,
    name: Arc<str>,
    namespace: IdNamespace,
    numbering: Numbering,
    /// The id namespace of the system's rights groups.
    rights: IdNamespace,
    known: Arc<Mutex<Option<(Instant, OwnAccount)>>>,
}

impl OwnAccountKept {
    /// Adds the layer to a system. The arguments: the backend's name for the log, the id namespace
    /// of its users and how it numbers them, and the id namespace of its rights groups.
    #[must_use]
    pub fn over(
        system: Arc<dyn Backend>,
        name: &str,
        (namespace, numbering): (IdNamespace, Numbering),
        rights: IdNamespace,
    ) -> Arc<dyn Backend> {
        let (name, known) = (name.into(), Arc::default());
        Arc::new(Self { system, name, namespace, numbering, rights, known })
    }

    /// Refuses a command that would harm the gateway's own account.
    async fn check(&self, command: &Command) -> Result<(), Fault> {
        let Some((user, what)) = self.harm(command) else { return Ok(()) };
        let OwnAccount::Account(own) = self.own().await? else { return Ok(()) };
        if !self.is(&own, user) {
            return Ok(());
        }
        warn!(
            backend = %self.name,
            "{what} is refused: it is the account of the gateway's own credential"
        );
        Err(Fault::new(FaultKind::Forbidden, "the gateway's own account").about(Subject::User))
    }

    /// The account of the gateway's credential. The system is asked once, and again when the answer
    /// is too old.
    async fn own(&self) -> Result<OwnAccount, Fault> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, own)) = known.filter(|(since, _)| since.elapsed() < BELIEVED) {
            return Ok(own);
        }
        let own = self.system.own_account().await.map_err(own_trouble)?;
        if own == OwnAccount::Unknown {
            warn!(
                backend = %self.name,
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

    /// The person whom a command would harm if it is the gateway's own account, and the kind of
    /// harm.
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
        let rights = [&self.rights, &self.namespace];
        let grouped =
            patch.groups.as_ref().is_some_and(|change| rights.contains(&&change.namespace));
        let harms = [
            (patch.active == Some(false), "deactivation"),
            (patch.role.is_some() && !chief, "demotion"),
            // The groups of an administrator have no effect on the rights.
            (grouped && !chief, "a change of groups"),
            (patch.password.is_some(), "a change of the password"),
            (patch.username.is_some(), "a new name"),
        ];
        harms.into_iter().find(|(harms, _)| *harms).map(|(_, what)| what)
    }
}

/// A failure to read the gateway's own account is a fault of the gateway, not of the caller.
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

    fn for_request(&self) -> Option<Arc<dyn Backend>> {
        let system = self.system.for_request()?;
        Some(Arc::new(Self { system, ..self.clone() }))
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        self.check(&command).await?;
        let outcome = sent::tracked(command.verb(), self.system.execute(command)).await;
        match &outcome {
            Ok(Outcome::UsersInPart(_, unread)) => {
                for why in unread {
                    warn!(backend = %self.name, "a row of a list is left out: {why}");
                }
            }
            // The credential may now belong to another account.
            Err(fault) if fault.kind == FaultKind::Unavailable => {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            _ => {}
        }
        outcome
    }

    async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        self.system.fact(fact).await
    }

    async fn verifies_passwords(&self) -> Result<(), Fault> {
        self.system.verifies_passwords().await
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.own().await
    }
}

#[cfg(test)]
mod tests;
