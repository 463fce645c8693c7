//! What is asked: [`Command`], and its name, [`Verb`], side by side.

use std::fmt;

use crate::credentials::Lockout;
use crate::group::{GroupPatch, GroupRef, NewGroup};
use crate::key::{KeyChoice, NewKey};
use crate::namespace::IdNamespace;
use crate::secret::Secret;
use crate::user::{AttributeChanges, NewUser, UserPatch, UserRef};

/// One canonical command: what a caller of any system asks of any backend.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Create a person. Answers the [`crate::outcome::Outcome::User`].
    CreateUser(Box<NewUser>),
    /// Create a person who is found in the directory (LDAP), by name.
    CreateFromDirectory(String),
    /// Read a person.
    GetUser(UserRef),
    /// Read everybody, in the order of creation.
    ListUsers,
    /// Change a person, all or nothing. Answers the changed person.
    UpdateUser(UserRef, Box<UserPatch>),
    /// Let a person act again. Answers the person.
    ActivateUser(UserRef),
    /// Keep a person, who may no longer act. Answers the person.
    DeactivateUser(UserRef),
    /// Delete a person, with keys and memberships. Answers the person as last known.
    DeleteUser(UserRef),
    /// Set a person's password; `None` takes it away.
    ChangePassword(UserRef, Option<Secret>),
    /// Issue a key to a person, or (`None`) to the application itself. Answers it, as the only one
    /// of the [`crate::outcome::Outcome::Keys`].
    IssueKey(Option<UserRef>, Box<NewKey>),
    /// Revoke a person's (`None`: the application's) keys of a namespace. Answers those revoked; none is
    /// no fault.
    RevokeKeys(Option<UserRef>, IdNamespace, KeyChoice),
    /// List a person's keys of a namespace, or (`None`) everybody's.
    ListKeys(Option<UserRef>, IdNamespace),
    /// Read the attributes of a person that start with this prefix.
    ReadSettings(UserRef, String),
    /// Set attributes of a person; every name starts with this prefix.
    MergeSettings(UserRef, String, AttributeChanges),
    /// Create a group. Answers it.
    CreateGroup(Box<NewGroup>),
    /// Read a group.
    GetGroup(GroupRef),
    /// Read the groups of a namespace, or (`None`) the teams, in the order of creation.
    ListGroups(Option<IdNamespace>),
    /// Change a group. Answers the changed group.
    UpdateGroup(GroupRef, Box<GroupPatch>),
    /// Delete a group and its memberships. Answers the group as last known.
    DeleteGroup(GroupRef),
    /// Add a member; a conflict if already in.
    AddMember(GroupRef, UserRef),
    /// Remove a member; not found if not in.
    RemoveMember(GroupRef, UserRef),
    /// Read the members of a group, in the order of joining.
    ListMembers(GroupRef),
    /// Read the groups of a person.
    GroupsOf(UserRef),
    /// List the locks a person holds.
    ListLocks(UserRef),
    /// What the backend says of itself.
    ServerFacts,
    /// Give people the ids that clients of a namespace already hold, in place of those given so far:
    /// all of them or none. A conflict if somebody else holds one.
    AssignIds(Vec<(UserRef, IdNamespace, String)>),
    /// Find a key of a namespace by its value, with its owner.
    FindKey(IdNamespace, Secret),
    /// Check a person's password. For somebody who is not there it costs the same and is wrong.
    VerifyPassword(UserRef, Secret),
    /// Find a person's own keys of a namespace by their value. Answers the
    /// [`crate::outcome::Outcome::Keys`]; none is no fault.
    VerifyKey(UserRef, IdNamespace, Secret),
    /// Count a failed sign-in and lock if it was one too many. Answers the person.
    CountFailure(UserRef, Lockout),
    /// Forget failed sign-ins.
    ClearFailures(UserRef),
}

/// The name of a [`Command`]: what tables, metrics and permissions are keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the name of the command beside it")]
pub enum Verb {
    CreateUser,
    CreateFromDirectory,
    GetUser,
    ListUsers,
    UpdateUser,
    ActivateUser,
    DeactivateUser,
    DeleteUser,
    ChangePassword,
    IssueKey,
    RevokeKeys,
    ListKeys,
    ReadSettings,
    MergeSettings,
    CreateGroup,
    GetGroup,
    ListGroups,
    UpdateGroup,
    DeleteGroup,
    AddMember,
    RemoveMember,
    ListMembers,
    GroupsOf,
    ListLocks,
    ServerFacts,
    AssignIds,
    FindKey,
    VerifyPassword,
    VerifyKey,
    CountFailure,
    ClearFailures,
}

impl Verb {
    /// Every verb, in the order of the manual.
    pub const ALL: [Self; 31] = [
        Self::CreateUser,
        Self::CreateFromDirectory,
        Self::GetUser,
        Self::ListUsers,
        Self::UpdateUser,
        Self::ActivateUser,
        Self::DeactivateUser,
        Self::DeleteUser,
        Self::ChangePassword,
        Self::IssueKey,
        Self::RevokeKeys,
        Self::ListKeys,
        Self::ReadSettings,
        Self::MergeSettings,
        Self::CreateGroup,
        Self::GetGroup,
        Self::ListGroups,
        Self::UpdateGroup,
        Self::DeleteGroup,
        Self::AddMember,
        Self::RemoveMember,
        Self::ListMembers,
        Self::GroupsOf,
        Self::ListLocks,
        Self::ServerFacts,
        Self::AssignIds,
        Self::FindKey,
        Self::VerifyPassword,
        Self::VerifyKey,
        Self::CountFailure,
        Self::ClearFailures,
    ];

    /// Whether it changes anything but counters.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::CreateUser
            | Self::CreateFromDirectory
            | Self::UpdateUser
            | Self::ActivateUser
            | Self::DeactivateUser
            | Self::DeleteUser
            | Self::ChangePassword
            | Self::IssueKey
            | Self::RevokeKeys
            | Self::MergeSettings
            | Self::CreateGroup
            | Self::UpdateGroup
            | Self::DeleteGroup
            | Self::AddMember
            | Self::RemoveMember
            | Self::AssignIds => true,
            Self::GetUser
            | Self::ListUsers
            | Self::ListKeys
            | Self::ReadSettings
            | Self::GetGroup
            | Self::ListGroups
            | Self::ListMembers
            | Self::GroupsOf
            | Self::ListLocks
            | Self::ServerFacts
            | Self::FindKey
            | Self::VerifyPassword
            | Self::VerifyKey
            | Self::CountFailure
            | Self::ClearFailures => false,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
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

    /// The person this command is about, for the permissions that a person has over themselves.
    #[must_use]
    pub const fn person(&self) -> Option<&UserRef> {
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
            | Self::IssueKey(Some(user), _)
            | Self::RevokeKeys(Some(user), ..)
            | Self::ListKeys(Some(user), _) => Some(user),
            _ => None,
        }
    }

    /// The group this command is about.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupRef> {
        match self {
            Self::GetGroup(group)
            | Self::UpdateGroup(group, _)
            | Self::DeleteGroup(group)
            | Self::AddMember(group, _)
            | Self::RemoveMember(group, _)
            | Self::ListMembers(group) => Some(group),
            _ => None,
        }
    }
}
