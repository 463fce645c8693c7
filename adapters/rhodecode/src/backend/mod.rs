//! The backend: runs commands on a RhodeCode server, through its API.
//!
//! The gateway's token is a super administrator's. The server is asked about users and user groups
//! by id, which it never takes for a name. Its user 1, `default`, is no person. An answer of any
//! other shape than the recorded ones is a fault.

mod api;
mod arguments;
mod creation;
mod facts;
mod fault;
mod groups;
mod keys;
mod passwords;
mod rights;
mod row;
#[cfg(test)]
mod tests;
mod users;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, OwnAccount, Upstream};
use isogloss_canonical::capability::{Capability, Field, Lookup, Rule, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::verb::Verb;
use serde_json::Value;

use crate::backend::api::Api;
use crate::backend::fault::unsupported;
use crate::options::version::Version;
use crate::wire::{DEFAULT_USER_FACT, attribute, values};

/// A RhodeCode server.
#[derive(Debug)]
struct RhodeCodeBackend {
    api: Api,
    capability: Capability,
}

/// Makes the backend of a RhodeCode server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let version = Version::named(service.version.as_deref());
    let api = Api::new(upstream, service.clone(), version);
    Arc::new(RhodeCodeBackend { api, capability: capability_of(version) })
}

/// What the API of the newest version can do.
#[must_use]
pub(crate) fn capability() -> Capability {
    capability_of(Version::default())
}

/// The attributes of a team that the server holds.
const TEAM_ATTRIBUTES: [&str; 7] = [
    attribute::ACTIVE,
    attribute::DEFAULT_MEMBER,
    attribute::DEFAULT_OWNER,
    attribute::DESCRIPTION,
    attribute::GROUP_PERMISSIONS,
    attribute::SYNC,
    attribute::USER_PERMISSIONS,
];

/// What a RhodeCode server can do. Its API does not verify passwords, but its web login does. It does
/// not revoke keys.
fn capability_of(version: Version) -> Capability {
    let native = [
        Verb::GetUser,
        Verb::ListUsers,
        Verb::CreateUser,
        Verb::UpdateUser,
        Verb::ActivateUser,
        Verb::DeactivateUser,
        Verb::DeleteUser,
        Verb::ListLocks,
        Verb::FindKey,
        Verb::CreateGroup,
        Verb::GetGroup,
        Verb::ListGroups,
        Verb::UpdateGroup,
        Verb::DeleteGroup,
        Verb::AddMember,
        Verb::RemoveMember,
    ];
    let capability = Capability::of(native)
        .with(Verb::ChangePassword, Support::Lossy("a lost password cannot be set again"))
        .with(Verb::IssueKey, Support::Lossy("only the tokens that it gives to each new user"))
        .with(Verb::VerifyPassword, Support::Composed("its web login, and a log-out"))
        .with(Verb::ListMembers, Support::Composed("get_user_group"))
        .with(Verb::GroupsOf, Support::Composed("get_user_groups"))
        .holding([Field::Rename, Field::Names, Field::Email, Field::Role, Field::Active])
        .holding([Field::Password, Field::Source, Field::TeamActive, Field::GroupRights])
        .finding([Lookup::Id, Lookup::Name])
        .ruled_by([Rule::OverwritesFoldedName, Rule::RefusesEmail, Rule::BindsSignIn])
        .refusing(values::rules(version.differences()))
        .showing_keys()
        .knowing(facts::FACTS)
        .knowing([DEFAULT_USER_FACT])
        .storing(&[attribute::EXTERN_NAME, attribute::EXTERN_TYPE, attribute::REPO_GROUP])
        .storing_of_teams(&TEAM_ATTRIBUTES);
    if version.differences().user_descriptions {
        return capability.storing(&[attribute::DESCRIPTION]);
    }
    capability
}

#[async_trait]
impl Backend for RhodeCodeBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match run(&self.api, command).await {
            Err(fault) if fault.is_absence_of(Subject::Group) => {
                Err(groups::confirm_absence(&self.api, fault).await)
            }
            outcome => outcome,
        }
    }

    async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        facts::ask(&self.api, fact).await
    }

    async fn verifies_passwords(&self) -> Result<(), Fault> {
        passwords::probe(&self.api).await
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        keys::own_account(&self.api).await
    }
}

async fn run(api: &Api, command: Command) -> Result<Outcome, Fault> {
    let verb = command.verb();
    match command {
        Command::CreateUser(user) => creation::create(api, *user).await,
        Command::GetUser(user) => Ok(Outcome::User(Box::new(users::get(api, &user).await?))),
        Command::ListUsers => users::list(api).await,
        Command::UpdateUser(user, patch) => users::update(api, &user, *patch).await,
        Command::ActivateUser(user) => users::set_active(api, &user, true).await,
        Command::DeactivateUser(user) => users::set_active(api, &user, false).await,
        Command::DeleteUser(user) => users::delete(api, &user).await,
        Command::ChangePassword(user, password) => users::set_password(api, &user, password).await,
        Command::ListLocks(user) => users::locks(api, &user).await,
        Command::VerifyPassword(user, secret) => {
            passwords::verify(api, &user, &secret).await.map(Outcome::Verified)
        }
        Command::FindKey(_, value) => keys::find(api, &value).await,
        Command::IssueKey(Some(user), new) => keys::issue(api, &user, *new).await,
        Command::CreateGroup(group) => groups::create(api, &group).await,
        Command::GetGroup(group) => groups::get(api, &group).await,
        Command::ListGroups(None) => groups::list(api).await,
        Command::UpdateGroup(group, patch) => groups::update(api, &group, &patch).await,
        Command::DeleteGroup(group) => groups::delete(api, &group).await,
        Command::AddMember(group, user) => groups::add_member(api, &group, &user).await,
        Command::RemoveMember(group, user) => groups::remove_member(api, &group, &user).await,
        Command::ListMembers(group) => groups::members(api, &group).await,
        Command::GroupsOf(user) => groups::of_user(api, &user).await,
        Command::CreateFromDirectory(_)
        | Command::IssueKey(None, _)
        | Command::RevokeKeys(..)
        | Command::ListKeys(..)
        | Command::ReadSettings(..)
        | Command::MergeSettings(..)
        | Command::ListGroups(Some(_))
        | Command::ServerFacts
        | Command::AssignIds(_)
        | Command::VerifyKey(..)
        | Command::CountFailure(..)
        | Command::ClearFailures(_) => Err(unsupported(verb)),
    }
}
