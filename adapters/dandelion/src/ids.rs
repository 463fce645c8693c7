//! The server's numbers. People and groups are numbered apart: a person's id is never a group's,
//! whatever its digits are.

use std::fmt;

/// The id of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uid(pub(crate) i32);

/// The id of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gid(pub(crate) i32);

impl Gid {
    /// The group of everybody who is in no other.
    pub(crate) const ORDINARY: Self = Self(1);
    /// The group that stands for administrators.
    pub(crate) const ADMINISTRATORS: Self = Self(2);
    /// The group of guests.
    pub(crate) const GUESTS: Self = Self(3);

    /// Reads what the gateway keeps of a group's id. What is no number is no group of the server's.
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
