//! The layer: which command goes to the system, which to the sidecar, and which to both.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Lookup, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, FaultKind, Sent};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::value::{self, Target, ValueKind, ValueRule};
use isogloss_canonical::verb::{Place, Verb};
use serde_json::Value;

use isogloss_store::{RULES, Records, RemoteSystem, Store};

use crate::layers::sidecar::memo::Memo;
use crate::layers::sidecar::policy::AttributePolicies;
use crate::layers::sidecar::recent::Recent;

/// A remote system with its sidecar, as one backend.
#[derive(Clone, Debug)]
pub struct Sidecar {
    pub(super) system: Arc<dyn Backend>,
    pub(super) records: Records,
    pub(super) recent: Arc<Recent>,
    pub(super) namespace: IdNamespace,
    pub(super) numbering: Numbering,
    pub(super) policies: Arc<AttributePolicies>,
    pub(super) capability: Arc<Capability>,
    /// The rules about values that the route checks.
    values: Arc<[ValueRule]>,
    /// Whether the route's dialect is the system's own: the system itself counts wrong passwords.
    pub(super) own_dialect: bool,
    /// What the request has read. `None`: this is the backend of all requests.
    pub(super) memo: Option<Arc<Memo>>,
}

impl Sidecar {
    /// Joins a system, with the id namespace of its own ids, to the store of its records.
    #[must_use]
    pub fn new(
        system: Arc<dyn Backend>,
        store: &Store,
        (namespace, numbering): (IdNamespace, Numbering),
    ) -> Self {
        let capability = Arc::new(capability(system.capability(), store.capability()));
        let records = store.records(RemoteSystem {
            backend: namespace.to_string(),
            namespace: namespace.clone(),
            numbering,
            emails: system.capability().holds(Field::Email),
            activity: system.capability().holds(Field::Active),
            groups: system.capability().holds(Field::Groups),
        });
        let (recent, policies, memo) = (Arc::default(), Arc::default(), None);
        let values = with_own(system.capability().values().to_vec());
        let own_dialect = false;
        Self {
            system,
            records,
            recent,
            namespace,
            numbering,
            policies,
            capability,
            values,
            own_dialect,
            memo,
        }
    }

    /// The same sidecar, with the backend's name for the log.
    #[must_use]
    pub fn of_backend(self, name: &str) -> Self {
        Self { records: self.records.of_backend(name), ..self }
    }

    /// The same sidecar for a route: with its policies and the rules about values that it checks. The
    /// dialect is the system's own or another.
    #[must_use]
    pub fn for_route(
        &self,
        policies: AttributePolicies,
        values: Vec<ValueRule>,
        own_dialect: bool,
    ) -> Self {
        Self { policies: Arc::new(policies), values: with_own(values), own_dialect, ..self.clone() }
    }

    /// Refuses a value that the system or the sidecar does not take, before anything is sent.
    pub(super) fn check_values(
        &self,
        values: Vec<(ValueKind, &str)>,
        target: Target<'_>,
    ) -> Result<(), Fault> {
        value::check(&self.values, values, target)
    }

    /// The rules about values that the route checks.
    #[must_use]
    pub fn values(&self) -> &[ValueRule] {
        &self.values
    }

    /// The id namespace of the system, and how it numbers its people.
    #[must_use]
    pub const fn namespace(&self) -> (&IdNamespace, Numbering) {
        (&self.namespace, self.numbering)
    }

    /// What the system can do without the sidecar.
    #[must_use]
    pub fn system_capability(&self) -> &Capability {
        self.system.capability()
    }

    /// Reads a person of the system now, without the record.
    pub async fn show(&self, user: UserRef) -> Result<User, Fault> {
        self.ask_system(Command::GetUser(user)).await?.user().map(|user| *user)
    }

    /// The records of the people of the system.
    #[must_use]
    pub const fn records(&self) -> &Records {
        &self.records
    }

    pub(super) async fn ask_system(&self, command: Command) -> Result<Outcome, Fault> {
        self.system.capability().check(command.verb())?;
        self.send(command).await
    }

    /// Sends a command to the system. Its capability is checked.
    pub(super) async fn send(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        if !verb.changes() {
            return self.system.execute(command).await?.checked(verb);
        }
        self.forget_read();
        let done = self.system.execute(command).await;
        self.forget_read();
        done?.checked(verb)
    }

    /// Forgets what the request has read, because it writes.
    fn forget_read(&self) {
        if let Some(memo) = &self.memo {
            memo.clear();
        }
    }

    pub(super) async fn ask_store(&self, command: Command) -> Result<Outcome, Fault> {
        self.records.store().execute(command).await
    }
}

/// Rules about values, and those of the sidecar itself: it stores the names.
fn with_own(mut rules: Vec<ValueRule>) -> Arc<[ValueRule]> {
    rules.extend_from_slice(RULES);
    rules.into()
}

/// A fault of the sidecar after the system has executed its part. It becomes a fault of the
/// gateway, because the system has done what the caller asked for.
pub(super) fn own_trouble(fault: Fault) -> Fault {
    if !fault.kind.is_callers() {
        return fault.with_sent(Sent::Maybe);
    }
    let detail = format!("the sidecar failed after the system had executed its part: {fault}");
    Fault { source: fault.source, ..Fault::new(FaultKind::Unexpected, detail) }
}

/// The capability of a system with its sidecar, by the column [`Place`] of the table of verbs.
#[must_use]
pub fn capability(system: &Capability, sidecar: &Capability) -> Capability {
    // Two fields are never in the sidecar: the user name in the system, and the password that the
    // system verifies.
    let held = Field::ALL
        .into_iter()
        .filter(|field| !matches!(field, Field::Rename | Field::Password) || system.holds(*field));
    let mut both = Capability::default().holding(held).finding(Lookup::ALL);
    both = both.storing(&system.stored()).knowing(system.facts());
    for verb in Verb::ALL {
        let stored = sidecar.has(verb).then_some(Support::Sidecar);
        let support = match verb.place() {
            Place::System => system.support(verb),
            Place::Sidecar | Place::Own => stored,
            Place::Either => system.support(verb).or(stored),
        };
        if let Some(support) = support {
            both = both.with(verb, support);
        }
    }
    if system.counts_failures() { both.counting_failures() } else { both }
}

#[async_trait]
impl Backend for Sidecar {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    fn for_request(&self) -> Option<Arc<dyn Backend>> {
        let system = self.system.for_request().unwrap_or_else(|| Arc::clone(&self.system));
        Some(Arc::new(Self { system, memo: Some(Arc::default()), ..self.clone() }))
    }

    async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        if fact.namespace != self.namespace {
            return None;
        }
        let person = match &fact.person {
            None => None,
            Some(user) => match self.system_ref_of(user).await {
                Ok(own) => Some(own),
                Err(fault) => return Some(Err(fault)),
            },
        };
        self.system.fact(Fact { person, ..fact }).await
    }

    async fn verifies_passwords(&self) -> Result<(), Fault> {
        self.system.verifies_passwords().await
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
            | Command::FindKey(..)) => self.about_keys(command).await,
            Command::ServerFacts if self.system.capability().has(Verb::ServerFacts) => {
                self.ask_system(Command::ServerFacts).await
            }
            command @ (Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_)) => self.in_sidecar(command).await,
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
