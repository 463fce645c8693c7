//! An id namespace is a space of ids: Kanboard's integers, OctoPrint's names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The name of an id namespace. A route uses its dialect's own, unless its configuration names
/// another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNamespace(Cow<'static, str>);

impl IdNamespace {
    /// A namespace whose name is known when the program is built.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A namespace whose name was read from a configuration or a database.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ids that one person or group has in each namespace, as their system writes them.
pub type NativeIds = BTreeMap<IdNamespace, String>;

/// How a namespace names its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Integers, counted up from this one and never used twice.
    From(i64),
    /// The user name is the id.
    Names,
}
