//! The types of the columns *permission* and *guards* in the table of verbs.
//!
//! The gateway checks the table at every call. A dialect may demand more than the table (Kanboard
//! refuses ordinary people even their own record), but never less.

use std::collections::BTreeSet;

/// One thing a person may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// Read other people's records.
    SeeUsers,
    /// Create people.
    CreateUsers,
    /// Change other people, their passwords, keys and activity.
    EditUsers,
    /// Delete people.
    DeleteUsers,
    /// Create groups.
    CreateGroups,
    /// Change groups and their members.
    EditGroups,
    /// Delete groups.
    DeleteGroups,
    /// Everything else that only an administrator may.
    Administer,
}

impl Grant {
    /// Every grant, in the order of the table in the documentation.
    pub const ALL: [Self; 8] = [
        Self::SeeUsers,
        Self::CreateUsers,
        Self::EditUsers,
        Self::DeleteUsers,
        Self::CreateGroups,
        Self::EditGroups,
        Self::DeleteGroups,
        Self::Administer,
    ];

    /// Its name in files and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SeeUsers => "see_users",
            Self::CreateUsers => "create_users",
            Self::EditUsers => "edit_users",
            Self::DeleteUsers => "delete_users",
            Self::CreateGroups => "create_groups",
            Self::EditGroups => "edit_groups",
            Self::DeleteGroups => "delete_groups",
            Self::Administer => "administer",
        }
    }
}

/// A set of grants. The default is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(BTreeSet<Grant>);

impl Grants {
    /// No grants.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every grant, as an administrator has.
    #[must_use]
    pub fn all() -> Self {
        Self(Grant::ALL.into_iter().collect())
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn holds(&self, grant: Grant) -> bool {
        self.0.contains(&grant)
    }

    /// Both together.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// In the order of [`Grant::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Grant> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        Self(grants.into_iter().collect())
    }
}

/// Who may run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Any authenticated caller.
    Known,
    /// The person the command is about, or a holder of the grant.
    Own(Grant),
    /// A holder of the grant.
    Holder(Grant),
    /// The owner or a co-owner of the group the command is about, or a holder of the grant.
    OwnGroup(Grant),
    /// The gateway itself, and nobody else.
    Gateway,
}

/// A condition on the payload of a command, besides the permission. A caller who is no
/// administrator can never give or change rights that the caller does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The person it is about is the caller, or has no role and no grant that the caller does not
    /// have.
    Subject,
    /// The role and the groups that it gives to a person give no right that the caller does not
    /// have.
    Given,
    /// The group it is about gives no right that the caller does not have.
    Group,
    /// The caller has every right that it gives to a group.
    Rights,
    /// The attributes that hold rights of one system give no more than the attributes of the
    /// caller's groups.
    Attributes,
}
