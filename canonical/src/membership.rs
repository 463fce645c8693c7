//! References to groups in commands, and memberships in a person's record.

use std::fmt;

use uuid::Uuid;

use crate::namespace::{IdNamespace, NativeIds};
use crate::permission::Grants;
use crate::role::Role;

/// The canonical id of a group: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub Uuid);

impl GroupId {
    /// The id of a rights group that a remote system has itself: it is made from a digest of the
    /// group's name there, and is stored nowhere. Its UUID has version 8, so it is no id of a record.
    #[must_use]
    pub const fn derived(digest: [u8; 16]) -> Self {
        Self(uuid::Builder::from_custom_bytes(digest).into_uuid())
    }

    /// Whether the id is a derived one ([`GroupId::derived`]).
    #[must_use]
    pub const fn is_derived(self) -> bool {
        self.0.get_version_num() == 8
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A reference to a group in a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRef {
    /// By canonical id.
    Id(GroupId),
    /// By its id in an id namespace.
    Native(IdNamespace, String),
    /// By name, among the groups of a namespace (`None`: among the teams).
    Name(Option<IdNamespace>, String),
}

impl From<GroupId> for GroupRef {
    fn from(id: GroupId) -> Self {
        Self::Id(id)
    }
}

/// A membership in a person's record, with what is needed of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub group: GroupId,
    /// The system whose rights group it is. `None`: a team.
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
