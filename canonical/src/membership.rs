//! How a command points at a group, and what a person's membership says of the group.

use std::fmt;

use uuid::Uuid;

use crate::namespace::{IdNamespace, NativeIds};
use crate::permission::Grants;
use crate::role::Role;

/// The canonical id of a group: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub Uuid);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a command points at a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRef {
    /// By canonical id.
    Id(GroupId),
    /// By the id that a namespace knows it by.
    Native(IdNamespace, String),
    /// By name, among the groups of a namespace (`None`: among the teams).
    Name(Option<IdNamespace>, String),
}

impl From<GroupId> for GroupRef {
    fn from(id: GroupId) -> Self {
        Self::Id(id)
    }
}

/// What a person's record says of a group they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// Whose set of rights it is; `None`: a team.
    pub namespace: Option<IdNamespace>,
    /// Its ids in the namespaces that number their groups.
    pub ids: NativeIds,
    /// Its name.
    pub name: String,
    /// What its members may do.
    pub grants: Grants,
    /// The role it stands for.
    pub confers: Option<Role>,
}
