//! The backend: carries commands out on an OctoPrint server, with an administrator's API key.
//!
//! It reads the shapes of 1.4 to 1.11. With `version = "1.3"` it reads those of the servers before,
//! which had one switch instead of groups. An answer that the server does not document is a fault,
//! never a guess.

mod api;
mod creation;
mod facts;
mod fault;
mod groups;
mod keys;
mod lately;
mod lookup;
mod owner;
mod passwords;
mod rights;
mod row;
mod settings;
mod users;

#[cfg(test)]
mod tests;

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
use crate::options::version::{Differences, RightsModel, Version};
use crate::roles::groups::PERMISSION_KEYS;
use crate::roles::rights::GIVEN;
use crate::wire::{SETTINGS, values};

/// An OctoPrint server.
#[derive(Debug)]
pub(crate) struct OctoPrintBackend {
    api: Api,
    capability: Capability,
}

/// Makes the backend of an OctoPrint server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let api = Api::new(upstream, service);
    let capability = match api.version().rights {
        RightsModel::Groups => with_groups(common(api.version())),
        RightsModel::AdminSwitch => common(api.version()),
    };
    Arc::new(OctoPrintBackend { api, capability })
}

/// What OctoPrint's API can do. It has no full names and no e-mail addresses, and cannot rename
/// users. Its groups are sets of rights, which only its own dialect has.
#[must_use]
pub(crate) fn capability() -> Capability {
    with_groups(common(Version::default().differences()))
}

/// What the servers with groups can do besides.
fn with_groups(common: Capability) -> Capability {
    common
        .owning(&[PERMISSION_KEYS, GIVEN])
        .with_rights_groups(Support::Composed("a read of all groups, then the change"))
}

/// What the servers of every version can do.
fn common(version: &Differences) -> Capability {
    let native = [
        Verb::CreateUser,
        Verb::GetUser,
        Verb::ListUsers,
        Verb::ActivateUser,
        Verb::DeactivateUser,
        Verb::FindKey,
        Verb::IssueKey,
        Verb::RevokeKeys,
    ];
    Capability::of(native)
        .with(Verb::UpdateUser, Support::Composed("the password by itself, then a read and a PUT"))
        .with(Verb::DeleteUser, Support::Lossy("the gateway's own account there stays"))
        .with(Verb::ChangePassword, Support::Lossy("not that of the gateway's own account there"))
        .with(Verb::ServerFacts, Support::Composed("/api/version and the permissions"))
        .with(Verb::ListKeys, Support::Composed("the plugin appkeys lists those of applications"))
        .with(Verb::VerifyPassword, Support::Composed("a CSRF pair from /login/, then /api/login"))
        .holding([Field::Role, Field::Active, Field::Password])
        .finding([Lookup::Id, Lookup::Name])
        .owning(&[SETTINGS])
        .refusing(values::rules(version))
        .showing_keys()
}

#[async_trait]
impl Backend for OctoPrintBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let api = &self.api;
        let verb = command.verb();
        match command {
            Command::CreateUser(user) => creation::create(api, *user).await,
            Command::GetUser(user) => users::get(api, &user).await,
            Command::ListUsers => users::list(api).await,
            Command::UpdateUser(user, patch) => users::update(api, &user, &patch).await,
            Command::ActivateUser(user) => users::activate(api, &user, true).await,
            Command::DeactivateUser(user) => users::activate(api, &user, false).await,
            Command::DeleteUser(user) => users::delete(api, &user).await,
            Command::ChangePassword(user, password) => passwords::set(api, &user, password).await,
            Command::VerifyPassword(user, secret) => passwords::verify(api, &user, &secret).await,
            Command::FindKey(_, value) => keys::find(api, &value).await,
            Command::IssueKey(Some(user), new) => keys::issue(api, &user, *new).await,
            Command::RevokeKeys(Some(user), _, choice) => keys::revoke(api, &user, &choice).await,
            Command::ListKeys(owner, _, choice) => keys::list(api, owner.as_ref(), &choice).await,
            Command::ServerFacts => facts::facts(api).await,
            Command::ListGroups(namespace) => groups::list(api, namespace.as_ref()).await,
            Command::GetGroup(group) => groups::get(api, &group).await,
            Command::CreateGroup(new) => groups::create(api, *new).await,
            Command::UpdateGroup(group, patch) => groups::update(api, &group, *patch).await,
            Command::DeleteGroup(group) => groups::delete(api, &group).await,
            Command::CreateFromDirectory(_)
            | Command::IssueKey(None, _)
            | Command::RevokeKeys(None, ..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::AddMember(..)
            | Command::RemoveMember(..)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)
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
