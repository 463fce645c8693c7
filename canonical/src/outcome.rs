//! What came of a command.

use crate::fault::{Fault, FaultKind};
use crate::group::Group;
use crate::key::Key;
use crate::user::{Attributes, User};

/// What came of a command that did not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done, and there is nothing to show.
    Done,
    /// A person.
    User(Box<User>),
    /// People.
    Users(Vec<User>),
    /// A group.
    Group(Box<Group>),
    /// Groups.
    Groups(Vec<Group>),
    /// Keys.
    Keys(Vec<Key>),
    /// A key that was found by its value, with its owner unless it is the application's own.
    KeyFound(Box<Key>, Option<Box<User>>),
    /// Attributes, or what a server says of itself.
    Settings(Attributes),
    /// The names of what is locked.
    Locks(Vec<String>),
    /// Whether a password was right.
    Verified(bool),
}

/// Makes the typed accessors of [`Outcome`]: each answers its variant, and an unexpected fault for
/// any other, which only a faulty backend can bring about.
macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $kind:ty;)*) => {
        impl Outcome {
            $($(#[$doc])*
            pub fn $name(self) -> Result<$kind, Fault> {
                match self {
                    Self::$variant(value) => Ok(value.into()),
                    _ => Err(Fault::new(FaultKind::Unexpected, concat!("no ", stringify!($variant)))),
                }
            })*
        }
    };
}

accessors! {
    /// The person.
    user: User => Box<User>;
    /// The people.
    users: Users => Vec<User>;
    /// The group.
    group: Group => Box<Group>;
    /// The groups.
    groups: Groups => Vec<Group>;
    /// The keys.
    keys: Keys => Vec<Key>;
    /// The attributes.
    settings: Settings => Attributes;
    /// The locks.
    locks: Locks => Vec<String>;
    /// Whether a password was right.
    verified: Verified => bool;
}
