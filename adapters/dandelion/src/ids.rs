//! The ids of the server. Users and groups have separate sequences, so each has a type of its own.

use std::fmt;

use isogloss_canonical::membership::GroupId;
use isogloss_canonical::namespace::IdNamespace;

/// The id namespace of Dandelion.
pub(crate) const NAMESPACE: IdNamespace = IdNamespace::named("dandelion");

/// The id of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uid(pub(crate) i32);

/// The id of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gid(pub(crate) i32);

impl Gid {
    /// The group of every user who is in no other group.
    pub(crate) const ORDINARY: Self = Self(1);
    /// The group of administrators.
    pub(crate) const ADMINISTRATORS: Self = Self(2);
    /// The group of guests.
    pub(crate) const GUESTS: Self = Self(3);

    /// Whether every new server has this group.
    pub(crate) const fn is_installed(self) -> bool {
        matches!(self, Self::ORDINARY | Self::ADMINISTRATORS | Self::GUESTS)
    }

    /// The canonical id of the group with this id in a server.
    pub(crate) fn derived(self) -> GroupId {
        let mut bytes = *b"dandelion id....";
        bytes[12..].copy_from_slice(&self.0.to_be_bytes());
        GroupId::derived(bytes)
    }

    /// The id in a server of the group with this canonical id.
    pub(crate) fn of_derived(id: GroupId) -> Option<Self> {
        let [.., a, b, c, d] = *id.0.as_bytes();
        let own = Self(i32::from_be_bytes([a, b, c, d]));
        (own.derived() == id).then_some(own)
    }

    /// Reads a stored group id. A text that is no number gives 0, which no group has.
    pub(crate) fn read(id: &str) -> Self {
        Self(id.parse().unwrap_or_default())
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Gid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
