//! The bridge to a system that knows nothing of the gateway: ids are translated, and what the
//! system cannot hold is kept aside.
//!
//! Beside each such backend stands a *shadow*: a store of the gateway's own, with one row for each
//! person that was ever seen there. It holds their canonical id, their ids in every realm, their
//! keys, and the attributes and fields for which the system has no place. What the system does
//! hold is always read from the system.

mod fields;
mod groups;
mod people;
mod resolve;
mod shadow;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Support};
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::realm::{Numbering, Realm};

use crate::config::settings::Policy;

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
#[derive(Debug)]
pub struct Bridge {
    system: Arc<dyn Backend>,
    shadow: Arc<dyn Backend>,
    realm: Realm,
    numbering: Numbering,
    policies: BTreeMap<String, Policy>,
    capability: Capability,
}

impl Bridge {
    /// Joins a system, whose own ids are of this realm, to a shadow.
    #[must_use]
    pub fn new(
        system: Arc<dyn Backend>,
        shadow: Arc<dyn Backend>,
        (realm, numbering): (Realm, Numbering),
        policies: BTreeMap<String, Policy>,
    ) -> Self {
        let capability = capability(system.capability(), shadow.capability());
        Self { system, shadow, realm, numbering, policies, capability }
    }

    /// What becomes of an attribute that the system cannot hold: the longest prefix decides.
    fn policy(&self, attribute: &str) -> Policy {
        let fits = self.policies.iter().filter(|(prefix, _)| attribute.starts_with(*prefix));
        fits.max_by_key(|(prefix, _)| prefix.len()).map_or(Policy::Keep, |(_, policy)| *policy)
    }

    async fn ask_system(&self, command: Command) -> Result<Outcome, Fault> {
        self.system.capability().check(command.verb())?;
        self.system.execute(command, &Caller::Gateway).await
    }

    async fn ask_shadow(&self, command: Command) -> Result<Outcome, Fault> {
        self.shadow.execute(command, &Caller::Gateway).await
    }
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

    async fn execute(&self, command: Command, _caller: &Caller) -> Result<Outcome, Fault> {
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
