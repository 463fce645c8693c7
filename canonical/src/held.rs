//! What rights a person holds or a group gives, for the guards of a command.

use crate::group::Group;
use crate::permission::Grants;
use crate::user::{Role, User};

/// What somebody holds, or what would be given: a role and grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// The grants.
    pub grants: Grants,
}

impl Held {
    /// What a person holds.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self { role: user.role, grants: user.grants() }
    }

    /// What membership of a group conveys.
    #[must_use]
    pub fn by(group: &Group) -> Self {
        Self { role: group.confers.unwrap_or_default(), grants: group.grants.clone() }
    }

    /// Whether it holds no more than the other.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.role <= other.role && self.grants.iter().all(|grant| other.grants.holds(grant))
    }
}
