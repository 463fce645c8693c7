//! The backend: runs commands on a Kanboard server, over its JSON-RPC API.
//!
//! It reads the rows of older servers too (integers as texts). An answer that Kanboard's manual
//! does not describe is a fault.

mod api;
mod creation;
mod facts;
mod fault;
mod groups;
mod keys;
mod row;
#[cfg(test)]
mod tests;
mod users;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, OwnAccount, Upstream};
use isogloss_canonical::capability::{Capability, Field, Lookup, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::verb::Verb;

use crate::backend::api::Api;
use crate::backend::fault::unsupported;
use crate::options::version::Version;
use crate::wire::user::TOKENS_IN_ROWS;
use crate::wire::values;

/// A Kanboard server.
#[derive(Debug)]
struct KanboardBackend {
    api: Api,
    capability: Capability,
}

/// Makes the backend of a Kanboard server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let api = Api::new(service, upstream);
    let version = Version::named(service.version.as_deref());
    Arc::new(KanboardBackend { api, capability: capability_of(version) })
}

/// What the API of the newest version can do.
#[must_use]
pub(crate) fn capability() -> Capability {
    capability_of(Version::named(None))
}

/// What Kanboard's API can do. It can neither set the password of an existing user nor manage keys.
fn capability_of(version: Version) -> Capability {
    let native = [
        Verb::CreateFromDirectory,
        Verb::GetUser,
        Verb::ListUsers,
        Verb::DeleteUser,
        Verb::VerifyPassword,
        Verb::FindKey,
        Verb::CreateGroup,
        Verb::GetGroup,
        Verb::ListGroups,
        Verb::UpdateGroup,
        Verb::DeleteGroup,
        Verb::AddMember,
        Verb::RemoveMember,
        Verb::ListMembers,
        Verb::GroupsOf,
        Verb::ServerFacts,
    ];
    Capability::of(native)
        .with(Verb::CreateUser, Support::Composed("createUser and getUserByName in one batch"))
        .with(Verb::ActivateUser, Support::Composed("enableUser and getUser in one batch"))
        .with(Verb::DeactivateUser, Support::Composed("disableUser and getUser in one batch"))
        .with(Verb::UpdateUser, Support::Composed("updateUser, enableUser or disableUser"))
        .holding([Field::Rename, Field::DisplayName, Field::Email, Field::Role, Field::Active])
        .holding([Field::Managers, Field::Source])
        .finding([Lookup::Id, Lookup::Name])
        .refusing(values::rules(version))
        .showing_keys()
        .knowing([TOKENS_IN_ROWS])
        .counting_failures()
}

#[async_trait]
impl Backend for KanboardBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let (api, verb) = (&self.api, command.verb());
        match command {
            Command::CreateUser(user) => creation::create(api, &user).await,
            Command::CreateFromDirectory(name) => users::create_from_directory(api, &name).await,
            Command::GetUser(user) => users::get(api, &user).await,
            Command::ListUsers => users::list(api).await,
            Command::UpdateUser(user, patch) => users::update(api, &user, &patch).await,
            Command::ActivateUser(user) => users::set_active(api, &user, true).await,
            Command::DeactivateUser(user) => users::set_active(api, &user, false).await,
            Command::DeleteUser(user) => users::delete(api, &user).await,
            Command::VerifyPassword(user, secret) => {
                keys::verify_password(api, &user, &secret).await
            }
            Command::FindKey(_, value) => keys::find(api, &value).await,
            Command::CreateGroup(group) => groups::create(api, &group).await,
            Command::GetGroup(group) => groups::get(api, &group).await,
            Command::ListGroups(None) => groups::list(api).await,
            Command::UpdateGroup(group, patch) => groups::update(api, &group, &patch).await,
            Command::DeleteGroup(group) => groups::delete(api, &group).await,
            Command::AddMember(group, user) => groups::add_member(api, &group, &user).await,
            Command::RemoveMember(group, user) => groups::remove_member(api, &group, &user).await,
            Command::ListMembers(group) => groups::members(api, &group).await,
            Command::GroupsOf(user) => groups::groups_of(api, &user).await,
            Command::ServerFacts => facts::read(api).await,
            Command::ListGroups(Some(_))
            | Command::ChangePassword(..)
            | Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::ListLocks(_)
            | Command::AssignIds(_)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_) => Err(unsupported(verb)),
        }
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        keys::own_account(&self.api).await
    }
}
