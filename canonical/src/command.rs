//! The canonical commands. Each has a name, the [`Verb`], and a row in the table of verbs.

use crate::credentials::Lockout;
use crate::group::{GroupPatch, NewGroup};
use crate::key::{KeyChoice, NewKey};
use crate::membership::GroupRef;
use crate::namespace::IdNamespace;
use crate::secret::Secret;
use crate::user::{AttributeChanges, NewUser, UserPatch, UserRef};
use crate::verb::Verb;

/// One canonical command: what a client of any system asks of any backend. [`Verb::answers`] says
/// which outcome it has.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Create a person.
    CreateUser(Box<NewUser>),
    /// Create a person who is found in the directory (LDAP), by name.
    CreateFromDirectory(String),
    /// Read a person.
    GetUser(UserRef),
    /// Read all people, in the order of creation.
    ListUsers,
    /// Change a person, all or nothing.
    UpdateUser(UserRef, Box<UserPatch>),
    /// Activate a person again.
    ActivateUser(UserRef),
    /// Deactivate a person: the record stays, but the person may do nothing.
    DeactivateUser(UserRef),
    /// Delete a person, with keys and memberships.
    DeleteUser(UserRef),
    /// Set a person's password; `None` takes it away.
    ChangePassword(UserRef, Option<Secret>),
    /// Issue a key to a person, or (`None`) to the application itself. The answer is that one key.
    IssueKey(Option<UserRef>, Box<NewKey>),
    /// Revoke a person's (`None`: the application's) keys of a namespace. The answer is the revoked
    /// keys; it is no fault if there are none.
    RevokeKeys(Option<UserRef>, IdNamespace, KeyChoice),
    /// List a person's keys of a namespace, or (`None`) everybody's and the application's.
    ListKeys(Option<UserRef>, IdNamespace, KeyChoice),
    /// Read the attributes of a person whose names start with this prefix.
    ReadSettings(UserRef, String),
    /// Set attributes of a person; every name starts with this prefix.
    MergeSettings(UserRef, String, AttributeChanges),
    /// Create a group.
    CreateGroup(Box<NewGroup>),
    /// Read a group.
    GetGroup(GroupRef),
    /// Read the groups of a namespace, or (`None`) the teams, in the order of creation.
    ListGroups(Option<IdNamespace>),
    /// Change a group.
    UpdateGroup(GroupRef, Box<GroupPatch>),
    /// Delete a group and its memberships.
    DeleteGroup(GroupRef),
    /// Add a member. It is a conflict if the person is one already.
    AddMember(GroupRef, UserRef),
    /// Remove a member. It is not found if the person is none.
    RemoveMember(GroupRef, UserRef),
    /// Read the members of a group, in the order of joining.
    ListMembers(GroupRef),
    /// Read the groups of a person.
    GroupsOf(UserRef),
    /// List the repositories that a person has locked.
    ListLocks(UserRef),
    /// Read the facts about the server.
    ServerFacts,
    /// Give people the ids that clients of a namespace already use, in place of their present ids: all
    /// of them or none. It is a conflict if another person has one of the ids.
    AssignIds(Vec<(UserRef, IdNamespace, String)>),
    /// Find a key of a namespace by its value, with its owner.
    FindKey(IdNamespace, Secret),
    /// Check a person's password. For a person who does not exist it is wrong, after the same time.
    VerifyPassword(UserRef, Secret),
    /// Find a person's own keys of a namespace by their value. It is no fault if there are none.
    VerifyKey(UserRef, IdNamespace, Secret),
    /// Count a failed sign-in, and lock the account if the limit is reached.
    CountFailure(UserRef, Lockout),
    /// Reset the count of failed sign-ins.
    ClearFailures(UserRef),
}

impl Command {
    /// The name of this command.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::CreateUser(_) => Verb::CreateUser,
            Self::CreateFromDirectory(_) => Verb::CreateFromDirectory,
            Self::GetUser(_) => Verb::GetUser,
            Self::ListUsers => Verb::ListUsers,
            Self::UpdateUser(..) => Verb::UpdateUser,
            Self::ActivateUser(_) => Verb::ActivateUser,
            Self::DeactivateUser(_) => Verb::DeactivateUser,
            Self::DeleteUser(_) => Verb::DeleteUser,
            Self::ChangePassword(..) => Verb::ChangePassword,
            Self::IssueKey(..) => Verb::IssueKey,
            Self::RevokeKeys(..) => Verb::RevokeKeys,
            Self::ListKeys(..) => Verb::ListKeys,
            Self::ReadSettings(..) => Verb::ReadSettings,
            Self::MergeSettings(..) => Verb::MergeSettings,
            Self::CreateGroup(_) => Verb::CreateGroup,
            Self::GetGroup(_) => Verb::GetGroup,
            Self::ListGroups(_) => Verb::ListGroups,
            Self::UpdateGroup(..) => Verb::UpdateGroup,
            Self::DeleteGroup(_) => Verb::DeleteGroup,
            Self::AddMember(..) => Verb::AddMember,
            Self::RemoveMember(..) => Verb::RemoveMember,
            Self::ListMembers(_) => Verb::ListMembers,
            Self::GroupsOf(_) => Verb::GroupsOf,
            Self::ListLocks(_) => Verb::ListLocks,
            Self::ServerFacts => Verb::ServerFacts,
            Self::AssignIds(_) => Verb::AssignIds,
            Self::FindKey(..) => Verb::FindKey,
            Self::VerifyPassword(..) => Verb::VerifyPassword,
            Self::VerifyKey(..) => Verb::VerifyKey,
            Self::CountFailure(..) => Verb::CountFailure,
            Self::ClearFailures(_) => Verb::ClearFailures,
        }
    }

    /// The target of its reference.
    #[must_use]
    pub const fn reference(&self) -> Reference<'_> {
        match self {
            Self::GetUser(user)
            | Self::UpdateUser(user, _)
            | Self::ActivateUser(user)
            | Self::DeactivateUser(user)
            | Self::DeleteUser(user)
            | Self::ChangePassword(user, _)
            | Self::ReadSettings(user, _)
            | Self::MergeSettings(user, ..)
            | Self::GroupsOf(user)
            | Self::ListLocks(user)
            | Self::VerifyPassword(user, _)
            | Self::VerifyKey(user, ..)
            | Self::CountFailure(user, _)
            | Self::ClearFailures(user)
            | Self::IssueKey(Some(user), _)
            | Self::RevokeKeys(Some(user), ..)
            | Self::ListKeys(Some(user), ..) => Reference::Person(user),
            Self::GetGroup(group)
            | Self::UpdateGroup(group, _)
            | Self::DeleteGroup(group)
            | Self::AddMember(group, _)
            | Self::RemoveMember(group, _)
            | Self::ListMembers(group) => Reference::Group(group),
            Self::FindKey(_, value) => Reference::Key(value),
            Self::CreateUser(_)
            | Self::CreateFromDirectory(_)
            | Self::ListUsers
            | Self::IssueKey(None, _)
            | Self::RevokeKeys(None, ..)
            | Self::ListKeys(None, ..)
            | Self::CreateGroup(_)
            | Self::ListGroups(_)
            | Self::ServerFacts
            | Self::AssignIds(_) => Reference::Nothing,
        }
    }

    /// The person that its reference names.
    #[must_use]
    pub const fn person(&self) -> Option<&UserRef> {
        match self.reference() {
            Reference::Person(user) => Some(user),
            Reference::Group(_) | Reference::Key(_) | Reference::Nothing => None,
        }
    }

    /// Every reference to a person in it.
    pub fn people_mut(&mut self) -> Vec<&mut UserRef> {
        match self {
            Self::GetUser(user)
            | Self::UpdateUser(user, _)
            | Self::ActivateUser(user)
            | Self::DeactivateUser(user)
            | Self::DeleteUser(user)
            | Self::ChangePassword(user, _)
            | Self::ReadSettings(user, _)
            | Self::MergeSettings(user, ..)
            | Self::GroupsOf(user)
            | Self::ListLocks(user)
            | Self::VerifyPassword(user, _)
            | Self::VerifyKey(user, ..)
            | Self::CountFailure(user, _)
            | Self::ClearFailures(user)
            | Self::IssueKey(Some(user), _)
            | Self::RevokeKeys(Some(user), ..)
            | Self::ListKeys(Some(user), ..)
            | Self::AddMember(_, user)
            | Self::RemoveMember(_, user) => vec![user],
            Self::AssignIds(rows) => rows.iter_mut().map(|(user, ..)| user).collect(),
            Self::CreateUser(_)
            | Self::CreateFromDirectory(_)
            | Self::ListUsers
            | Self::IssueKey(None, _)
            | Self::RevokeKeys(None, ..)
            | Self::ListKeys(None, ..)
            | Self::CreateGroup(_)
            | Self::GetGroup(_)
            | Self::ListGroups(_)
            | Self::UpdateGroup(..)
            | Self::DeleteGroup(_)
            | Self::ListMembers(_)
            | Self::ServerFacts
            | Self::FindKey(..) => Vec::new(),
        }
    }

    /// The group that its reference names.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupRef> {
        match self.reference() {
            Reference::Group(group) => Some(group),
            Reference::Person(_) | Reference::Key(_) | Reference::Nothing => None,
        }
    }
}

/// The target of the reference in a command: [`crate::verb::Target`] with its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference<'c> {
    /// A person.
    Person(&'c UserRef),
    /// A group.
    Group(&'c GroupRef),
    /// A key, by its value.
    Key(&'c Secret),
    /// Nothing that exists already, or the application itself.
    Nothing,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::key::Issuer;
    use crate::role::Role;
    use crate::verb::Target;

    const NAMESPACE: IdNamespace = IdNamespace::named("kanboard");

    /// One command of each verb.
    fn all() -> Vec<Command> {
        let user = || UserRef::Name("ada".to_owned());
        let group = || GroupRef::Name(None, "staff".to_owned());
        let secret = || Secret::new("a secret");
        let key = NewKey {
            namespace: NAMESPACE,
            value: secret(),
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            issuer: Issuer::Gateway,
            replaces: false,
        };
        let lockout = Lockout { after: 6, lasting: Duration::from_mins(15) };
        let patch = UserPatch { role: Some(Role::User), ..UserPatch::default() };
        vec![
            Command::CreateUser(Box::default()),
            Command::CreateFromDirectory("ada".to_owned()),
            Command::GetUser(user()),
            Command::ListUsers,
            Command::UpdateUser(user(), Box::new(patch)),
            Command::ActivateUser(user()),
            Command::DeactivateUser(user()),
            Command::DeleteUser(user()),
            Command::ChangePassword(user(), None),
            Command::IssueKey(Some(user()), Box::new(key)),
            Command::RevokeKeys(Some(user()), NAMESPACE, KeyChoice::All),
            Command::ListKeys(Some(user()), NAMESPACE, KeyChoice::All),
            Command::ReadSettings(user(), String::new()),
            Command::MergeSettings(user(), String::new(), AttributeChanges::new()),
            Command::CreateGroup(Box::default()),
            Command::GetGroup(group()),
            Command::ListGroups(None),
            Command::UpdateGroup(group(), Box::default()),
            Command::DeleteGroup(group()),
            Command::AddMember(group(), user()),
            Command::RemoveMember(group(), user()),
            Command::ListMembers(group()),
            Command::GroupsOf(user()),
            Command::ListLocks(user()),
            Command::ServerFacts,
            Command::AssignIds(Vec::new()),
            Command::FindKey(NAMESPACE, secret()),
            Command::VerifyPassword(user(), secret()),
            Command::VerifyKey(user(), NAMESPACE, secret()),
            Command::CountFailure(user(), lockout),
            Command::ClearFailures(user()),
        ]
    }

    #[test]
    fn each_command_points_at_what_its_row_says() {
        let all = all();
        let verbs: Vec<_> = all.iter().map(Command::verb).collect();
        assert_eq!(verbs, Verb::ALL, "one command of each verb, in the order of the table");
        for command in all {
            let target = match command.reference() {
                Reference::Person(_) => Target::Person,
                Reference::Group(_) => Target::Group,
                Reference::Key(_) => Target::Key,
                Reference::Nothing => Target::Nothing,
            };
            assert_eq!(target, command.verb().target(), "{}", command.verb());
        }
    }
}
