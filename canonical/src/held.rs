//! The rights that a person has or a group gives, for the guards of a command.

use crate::group::Group;
use crate::permission::Grants;
use crate::role::Role;
use crate::user::User;

/// A role and grants: those that a person has, or those that a command would give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// The grants.
    pub grants: Grants,
}

impl Held {
    /// The rights of a person.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self { role: user.role, grants: user.grants() }
    }

    /// The rights that membership of a group gives.
    #[must_use]
    pub fn by(group: &Group) -> Self {
        Self { role: group.confers.unwrap_or_default(), grants: group.grants.clone() }
    }

    /// Whether it has no right that the other does not have.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.role <= other.role && self.grants.iter().all(|grant| other.grants.holds(grant))
    }
}
