//! The Dandelion backend: runs commands on a Dandelion server, through its API by key.
//!
//! The server's answers say little. A creation does not give the new id. An unknown user is a
//! success without data. A deletion that was not done is a success too. So the backend reads again
//! whatever an answer leaves open, and reports a fault if that does not show it.

mod api;
mod creation;
mod fault;
mod groups;
mod keys;
mod passwords;
mod row;
mod seen;
mod users;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, OwnAccount, Upstream};
use isogloss_canonical::capability::{Capability, Field, Lookup, Rule, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use serde_json::Value;

use crate::backend::api::Api;
use crate::backend::seen::{Seen, Shown};
use crate::backend::users::{delete, read, update};
use crate::ids::NAMESPACE;
use crate::roles::rights::RIGHTS_OF_HOLDER;
use crate::wire::attributes::{INITIAL_LOGIN, THEME};
use crate::wire::values::RULES;

/// A Dandelion server as a backend.
#[derive(Clone, Debug)]
struct DandelionBackend {
    api: Arc<Api>,
    capability: Arc<Capability>,
    /// What the request has seen. `None`: this is the backend of all requests.
    seen: Option<Arc<Seen>>,
}

impl DandelionBackend {
    fn now(&self) -> Instant {
        (self.api.service.clock)()
    }

    /// Reads a user, with what their group grants.
    async fn get(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let asked = self.now();
        let row = read::get(&self.api, user).await?;
        if let Some(seen) = &self.seen {
            seen.keep(asked, &row);
        }
        let row = groups::with_grants(&self.api, row).await?;
        Ok(Outcome::User(Box::new(row.user)))
    }

    /// Reads all users.
    async fn list(&self) -> Result<Outcome, Fault> {
        let asked = self.now();
        let rows = self.api.users().await?;
        if let Some(seen) = &self.seen {
            seen.keep_list(asked, &rows);
        }
        Ok(read::all(rows))
    }

    /// What the request has seen before a change.
    fn before(&self, verb: Verb) -> Shown {
        let seen = self.seen.as_ref().filter(|_| verb.changes());
        seen.map(|seen| seen.take(self.now())).unwrap_or_default()
    }
}

/// Makes the backend of a Dandelion server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let api = Arc::new(Api::new(upstream, service.clone()));
    Arc::new(DandelionBackend { api, capability: Arc::new(capability()), seen: None })
}

/// For whom the server reads and issues a key.
const HOLDER: &str = "only for the owner, who shows the present key or has logged in";

/// How a group of the server is created, changed or deleted.
const GROUPS: &str = "groups/getlist or groups/getgroup before and after the change";

/// What the API can do. It has no e-mail addresses and cannot rename a user. Its groups are sets of
/// rights, which only its own dialect has.
#[must_use]
pub(crate) fn capability() -> Capability {
    let native = [
        Verb::GetUser,
        Verb::ListUsers,
        Verb::ChangePassword,
        Verb::VerifyPassword,
        Verb::FindKey,
        Verb::RevokeKeys,
    ];
    Capability::of(native)
        .with(
            Verb::CreateUser,
            Support::Composed("users/getusers, users/create, users/getusers for the id"),
        )
        .with(Verb::ActivateUser, Support::Composed("users/enable, then a read"))
        .with(Verb::DeactivateUser, Support::Composed("users/disable, then a read"))
        .with(Verb::IssueKey, Support::Lossy(HOLDER))
        .with(Verb::ListKeys, Support::Lossy(HOLDER))
        .with(Verb::UpdateUser, Support::Lossy("full name and theme cannot be removed"))
        .with(
            Verb::DeleteUser,
            Support::Composed("administrators become ordinary first, then users/delete and a read"),
        )
        .holding([Field::DisplayName, Field::Role, Field::Active, Field::Password])
        .storing(&[THEME, INITIAL_LOGIN])
        .finding([Lookup::Id])
        .ruled_by([Rule::RefusesFoldedName])
        .refusing(RULES.iter().copied())
        .with_rights_groups(Support::Composed(GROUPS))
        .naming_rights_groups(NAMESPACE)
        .knowing([RIGHTS_OF_HOLDER])
}

#[async_trait]
impl Backend for DandelionBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    fn for_request(&self) -> Option<Arc<dyn Backend>> {
        Some(Arc::new(Self { seen: Some(Arc::default()), ..self.clone() }))
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let (api, before) = (&*self.api, self.before(command.verb()));
        match command {
            Command::CreateUser(user) => creation::create(api, *user, before).await,
            Command::GetUser(user) => self.get(&user).await,
            Command::ListUsers => self.list().await,
            Command::UpdateUser(user, patch) => update::update(api, &user, *patch, &before).await,
            Command::ActivateUser(user) => update::set_active(api, &user, true).await,
            Command::DeactivateUser(user) => update::set_active(api, &user, false).await,
            Command::DeleteUser(user) => delete::delete(api, &user, &before).await,
            Command::ChangePassword(user, password) => passwords::set(api, &user, password).await,
            Command::VerifyPassword(user, secret) => passwords::verify(api, &user, &secret).await,
            Command::FindKey(_, value) => keys::find(api, &value).await,
            Command::IssueKey(Some(user), new) => keys::issue(api, &user, *new).await,
            Command::ListKeys(Some(user), ..) => keys::list(api, &user).await,
            Command::RevokeKeys(Some(user), _, choice) => keys::revoke(api, &user, &choice).await,
            Command::ListGroups(Some(namespace)) => groups::list(api, &namespace).await,
            Command::GetGroup(group) => groups::get(api, &group).await,
            Command::CreateGroup(group) => groups::create(api, &group).await,
            Command::UpdateGroup(group, patch) => groups::update(api, &group, &patch).await,
            Command::DeleteGroup(group) => groups::delete(api, &group).await,
            command @ (Command::CreateFromDirectory(_)
            | Command::IssueKey(None, _)
            | Command::RevokeKeys(None, ..)
            | Command::ListKeys(None, ..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::ListGroups(None)
            | Command::AddMember(..)
            | Command::RemoveMember(..)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_)) => Err(fault::unsupported(command.verb())),
        }
    }

    async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        groups::fact(&self.api, &fact).await
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        keys::own_account(&self.api).await
    }
}
