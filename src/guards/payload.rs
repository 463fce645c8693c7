//! What a command would write, as the guards need it.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::user::{AttributeChanges, NewUser, UserPatch, UserRef};

/// What a command would write. A guard matches on this, so that a new kind of payload asks every
/// guard what it says of it.
pub(super) enum Payload<'c> {
    NewUser(&'c NewUser),
    UserPatch(&'c UserRef, &'c UserPatch),
    NewGroup(&'c NewGroup),
    GroupPatch(&'c GroupPatch),
    Settings(&'c AttributeChanges),
    /// Nothing that holds rights: what such a command changes is guarded by its subject.
    NoRights,
}

impl<'c> From<&'c Command> for Payload<'c> {
    fn from(command: &'c Command) -> Self {
        match command {
            Command::CreateUser(new) => Self::NewUser(new),
            Command::UpdateUser(user, patch) => Self::UserPatch(user, patch),
            Command::CreateGroup(new) => Self::NewGroup(new),
            Command::UpdateGroup(_, patch) => Self::GroupPatch(patch),
            Command::MergeSettings(_, _, changes) => Self::Settings(changes),
            Command::CreateFromDirectory(_)
            | Command::GetUser(_)
            | Command::ListUsers
            | Command::ActivateUser(_)
            | Command::DeactivateUser(_)
            | Command::DeleteUser(_)
            | Command::ChangePassword(..)
            | Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::GetGroup(_)
            | Command::ListGroups(_)
            | Command::DeleteGroup(_)
            | Command::AddMember(..)
            | Command::RemoveMember(..)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyPassword(..)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_) => Self::NoRights,
        }
    }
}
