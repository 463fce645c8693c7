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
mod people;
mod resolve;
mod search;
mod settle;
mod shadow;
mod teams;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Support};
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};

use isogloss_store::{Beside, Sidecar, Store};

use crate::config::settings::Policy;
use crate::layers::bridge::search::Recent;

/// What a verb's support says that the shadow does.
pub const ASIDE: &str = "kept aside by the gateway";

/// What the shadow does alone, whatever the system behind can do.
pub const KEPT_ASIDE: [Verb; 11] = [
    Verb::IssueKey,
    Verb::RevokeKeys,
    Verb::ListKeys,
    Verb::FindKey,
    Verb::VerifyKey,
    Verb::CountFailure,
    Verb::ClearFailures,
    Verb::ReadSettings,
    Verb::MergeSettings,
    Verb::ServerFacts,
    Verb::AssignIds,
];

/// What the shadow does where the system behind cannot.
pub const ELSE_ASIDE: [Verb; 1] = [Verb::ListLocks];

/// What the shadow does for the groups that the system behind has no place for.
pub const GROUPS: [Verb; 9] = [
    Verb::CreateGroup,
    Verb::GetGroup,
    Verb::ListGroups,
    Verb::UpdateGroup,
    Verb::DeleteGroup,
    Verb::AddMember,
    Verb::RemoveMember,
    Verb::ListMembers,
    Verb::GroupsOf,
];

/// A backend that joins a system to its shadow.
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
            namespace: namespace.clone(),
            numbering,
            emails: system.capability().holds(Field::Email),
            activity: system.capability().holds(Field::Active),
            groups: system.capability().holds(Field::Groups),
        });
        let (recent, policies) = (Arc::default(), BTreeMap::new());
        Self { system, sidecar, recent, namespace, numbering, policies, capability }
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
        self.system.capability().check(command.verb())?;
        self.system.execute(command).await
    }

    async fn ask_shadow(&self, command: Command) -> Result<Outcome, Fault> {
        self.sidecar.store().execute(command).await
    }
}

/// A fault of the sidecar after the system has done its part. It is the gateway's own trouble,
/// whatever the sidecar calls it: what the caller asked for was done.
pub(super) fn own_trouble(fault: Fault) -> Fault {
    if !fault.kind.is_callers() {
        return fault;
    }
    let detail = format!("the sidecar, after the system had done its part: {fault}");
    Fault { source: fault.source, ..Fault::new(FaultKind::Unexpected, detail) }
}

/// What the two can do together: people as the system does them, the rest as the shadow does.
#[must_use]
pub fn capability(system: &Capability, shadow: &Capability) -> Capability {
    let aside: BTreeSet<Verb> = KEPT_ASIDE.into_iter().collect();
    // What cannot be kept aside: a name that the system knows a person by, and a password that it
    // is to verify.
    let held = Field::ALL
        .into_iter()
        .filter(|field| !matches!(field, Field::Rename | Field::Password) || system.holds(*field));
    let mut both = Capability::default().holding(held);
    for verb in system.verbs().filter(|verb| !aside.contains(verb)) {
        both = both.with(verb, system.support(verb).unwrap_or(Support::Native));
    }
    let rest = ELSE_ASIDE.into_iter().chain(GROUPS).filter(|verb| !system.has(*verb));
    for verb in KEPT_ASIDE.into_iter().chain(rest).filter(|verb| shadow.has(*verb)) {
        both = both.with(verb, Support::Composed(ASIDE));
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
            other if GROUPS.contains(&other.verb()) => self.about_groups(other).await,
            other => self.aside(other).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_after_the_system_has_done_its_part_is_never_the_callers_doing() {
        for kind in FaultKind::ALL {
            let told = own_trouble(Fault::new(kind, "the database's sentence"));
            assert!(!told.kind.is_callers(), "{kind:?} became {told}");
            assert_eq!(told.subject, None);
            assert!(told.detail.contains("the database's sentence"), "{told}");
        }
    }
}
