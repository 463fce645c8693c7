//! The bridge to a system that knows nothing of the gateway: ids are translated, and what the
//! system cannot hold is kept aside.
//!
//! Beside each such backend stands the *sidecar*: a store of the gateway's own, with one record for
//! each person that was ever seen there. It holds their canonical id, their ids in every namespace,
//! their keys, and the attributes and fields for which the system has no place. What the system does
//! hold is always read from the system. Whatever a read shows is settled in the sidecar before it is
//! answered (`settle.rs`): nobody comes into the record of somebody who is gone.

mod fields;
mod groups;
mod own_verbs;
mod people;
mod recent;
mod resolve;
mod search;
mod settle;
mod teams;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Lookup, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Sent};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::{Place, Verb};

use isogloss_store::{Beside, Sidecar, Store};

use crate::config::settings::Policy;
use crate::layers::bridge::recent::Recent;

/// What a verb's support says that the sidecar does.
pub const ASIDE: &str = "kept aside by the gateway";

/// A backend that joins a system to its sidecar.
#[derive(Clone, Debug)]
pub struct Bridge {
    system: Arc<dyn Backend>,
    sidecar: Sidecar,
    recent: Arc<Recent>,
    namespace: IdNamespace,
    numbering: Numbering,
    policies: BTreeMap<String, Policy>,
    capability: Capability,
}

impl Bridge {
    /// Joins a system, whose own ids are of this namespace, to the store that keeps its sidecar.
    #[must_use]
    pub fn new(
        system: Arc<dyn Backend>,
        store: &Store,
        (namespace, numbering): (IdNamespace, Numbering),
    ) -> Self {
        let capability = capability(system.capability(), store.capability());
        let sidecar = store.sidecar(Beside {
            backend: namespace.to_string(),
            namespace: namespace.clone(),
            numbering,
            emails: system.capability().holds(Field::Email),
            activity: system.capability().holds(Field::Active),
            groups: system.capability().holds(Field::Groups),
        });
        let (recent, policies) = (Arc::default(), BTreeMap::new());
        Self { system, sidecar, recent, namespace, numbering, policies, capability }
    }

    /// The same bridge, with the backend's name for the log.
    #[must_use]
    pub fn of_backend(self, name: &str) -> Self {
        Self { sidecar: self.sidecar.of_backend(name), ..self }
    }

    /// The same bridge for a route that says what becomes of attributes that the system cannot hold.
    #[must_use]
    pub fn with_policies(&self, policies: BTreeMap<String, Policy>) -> Self {
        Self { policies, ..self.clone() }
    }

    /// The system's own id namespace, and how it names its people.
    #[must_use]
    pub const fn namespace(&self) -> (&IdNamespace, Numbering) {
        (&self.namespace, self.numbering)
    }

    /// Somebody as the system shows them now, without their record.
    pub async fn show(&self, user: UserRef) -> Result<User, Fault> {
        self.ask_system(Command::GetUser(user)).await?.user().map(|user| *user)
    }

    /// The records of the people of the system.
    #[must_use]
    pub const fn sidecar(&self) -> &Sidecar {
        &self.sidecar
    }

    /// What becomes of an attribute that the system cannot hold: the longest prefix decides.
    fn policy(&self, attribute: &str) -> Policy {
        let fits = self.policies.iter().filter(|(prefix, _)| attribute.starts_with(*prefix));
        fits.max_by_key(|(prefix, _)| prefix.len()).map_or(Policy::Keep, |(_, policy)| *policy)
    }

    async fn ask_system(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        self.system.capability().check(verb)?;
        self.system.execute(command).await?.checked(verb)
    }

    async fn ask_store(&self, command: Command) -> Result<Outcome, Fault> {
        self.sidecar.store().execute(command).await
    }
}

/// A fault of the sidecar after the system has done its part. It is the gateway's own trouble,
/// whatever the sidecar calls it: what the caller asked for was done.
pub(super) fn own_trouble(fault: Fault) -> Fault {
    if !fault.kind.is_callers() {
        return fault.with_sent(Sent::Maybe);
    }
    let detail = format!("the sidecar, after the system had done its part: {fault}");
    Fault { source: fault.source, ..Fault::new(FaultKind::Unexpected, detail) }
}

/// What the two can do together, by the column [`Place`] of the table of verbs.
#[must_use]
pub fn capability(system: &Capability, sidecar: &Capability) -> Capability {
    // Two fields are never in the sidecar: the name that the system knows a person by, and the
    // password that it verifies.
    let held = Field::ALL
        .into_iter()
        .filter(|field| !matches!(field, Field::Rename | Field::Password) || system.holds(*field));
    let mut both = Capability::default().holding(held).finding(Lookup::ALL);
    for verb in Verb::ALL {
        let stored = sidecar.has(verb).then_some(Support::Composed(ASIDE));
        let support = match verb.place() {
            Place::System => system.support(verb),
            Place::Sidecar => stored,
            Place::Either => system.support(verb).or(stored),
        };
        if let Some(support) = support {
            both = both.with(verb, support);
        }
    }
    both
}

#[async_trait]
impl Backend for Bridge {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match command {
            Command::CreateUser(user) => self.create(*user).await,
            Command::GetUser(user) => Ok(Outcome::User(Box::new(self.get(&user).await?))),
            Command::ListUsers => Ok(Outcome::Users(self.list().await?)),
            Command::UpdateUser(user, patch) => self.update(&user, *patch).await,
            Command::ActivateUser(user) => self.activate(&user, true).await,
            Command::DeactivateUser(user) => self.activate(&user, false).await,
            Command::DeleteUser(user) => self.delete(&user).await,
            Command::ChangePassword(user, password) => self.password(&user, password).await,
            Command::VerifyPassword(user, secret) => self.verify(&user, secret).await,
            Command::CreateFromDirectory(name) => self.create_from_directory(name).await,
            Command::ListLocks(user) => self.locks(user).await,
            command @ (Command::CreateGroup(_)
            | Command::GetGroup(_)
            | Command::ListGroups(_)
            | Command::UpdateGroup(..)
            | Command::DeleteGroup(_)
            | Command::AddMember(..)
            | Command::RemoveMember(..)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)) => self.about_groups(command).await,
            command @ (Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_)) => self.aside(command).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_after_the_system_has_done_its_part_is_never_the_callers_doing() {
        for kind in FaultKind::ALL {
            let before = Fault::new(kind, "the database's sentence").with_sent(Sent::Never);
            let told = own_trouble(before);
            assert_eq!(told.sent, Sent::Maybe, "{kind:?}: the system has done its part");
            assert!(!told.kind.is_callers(), "{kind:?} became {told}");
            assert_eq!(told.subject, None);
            assert!(told.detail.contains("the database's sentence"), "{told}");
        }
    }
}
