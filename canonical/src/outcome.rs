//! The results of commands.

use crate::fault::{Fault, FaultKind};
use crate::group::Group;
use crate::key::Key;
use crate::user::{Attributes, User};
use crate::verb::{Answers, Verb};

/// The result of a command that did not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// A person.
    User(Box<User>),
    /// All people who were asked for.
    Users(Vec<User>),
    /// The people who could be read, and why each of the others could not. A person who is not listed
    /// may still exist, so that nobody is taken for absent.
    UsersInPart(Vec<User>, Vec<String>),
    /// A group.
    Group(Box<Group>),
    /// Groups.
    Groups(Vec<Group>),
    /// Keys.
    Keys(Vec<Key>),
    /// A key that was found by its value, with its owner unless it is the application's own.
    KeyFound(Box<Key>, Option<Box<User>>),
    /// Attributes of a person, or facts about the server.
    Settings(Attributes),
    /// The names of what is locked.
    Locks(Vec<String>),
    /// Whether a password was correct.
    Verified(bool),
}

/// Makes the typed accessors of [`Outcome`]. Each returns the value of its variant. Any other variant
/// is an unexpected fault: the backend is faulty.
macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $kind:ty;)*) => {
        impl Outcome {
            $($(#[$doc])*
            pub fn $name(self) -> Result<$kind, Fault> {
                let Self::$variant(value) = self else {
                    return Err(self.is_no(Answers::$variant));
                };
                Ok(value.into())
            })*
        }
    };
}

accessors! {
    /// The person.
    user: User => Box<User>;
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
    /// Whether a password was correct.
    verified: Verified => bool;
}

/// A list of people, and whether it is complete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// The people who could be read.
    pub users: Vec<User>,
    /// Why each of the others could not be read. Only if this is empty does the list show who is absent.
    pub unread: Vec<String>,
}

impl Outcome {
    /// What kind of answer it is.
    #[must_use]
    pub const fn kind(&self) -> Answers {
        match self {
            Self::Done => Answers::Done,
            Self::User(_) => Answers::User,
            Self::Users(_) | Self::UsersInPart(..) => Answers::Users,
            Self::Group(_) => Answers::Group,
            Self::Groups(_) => Answers::Groups,
            Self::Keys(_) => Answers::Keys,
            Self::KeyFound(..) => Answers::KeyFound,
            Self::Settings(_) => Answers::Settings,
            Self::Locks(_) => Answers::Locks,
            Self::Verified(_) => Answers::Verified,
        }
    }

    fn is_no(&self, wanted: Answers) -> Fault {
        let detail = format!("expected the outcome {wanted:?}, got {:?}", self.kind());
        Fault::new(FaultKind::Unexpected, detail)
    }

    /// Whether a command of this verb may answer it.
    #[must_use]
    pub fn is_answer_of(&self, verb: Verb) -> bool {
        self.kind() == verb.answers()
    }

    /// Itself, or an unexpected fault if a command of this verb may not answer it: the backend is
    /// faulty.
    pub fn checked(self, verb: Verb) -> Result<Self, Fault> {
        if self.is_answer_of(verb) {
            return Ok(self);
        }
        let detail = format!("{verb} was answered with {:?}", self.kind());
        Err(Fault::new(FaultKind::Unexpected, detail))
    }

    /// A list of people, some of whom could perhaps not be read.
    #[must_use]
    pub fn people(users: Vec<User>, unread: Vec<String>) -> Self {
        if unread.is_empty() { Self::Users(users) } else { Self::UsersInPart(users, unread) }
    }

    /// The people who could be read, and whether these are all.
    pub fn listed(self) -> Result<Listed, Fault> {
        match self {
            Self::Users(users) => Ok(Listed { users, unread: Vec::new() }),
            Self::UsersInPart(users, unread) => Ok(Listed { users, unread }),
            Self::Done
            | Self::User(_)
            | Self::Group(_)
            | Self::Groups(_)
            | Self::Keys(_)
            | Self::KeyFound(..)
            | Self::Settings(_)
            | Self::Locks(_)
            | Self::Verified(_) => Err(self.is_no(Answers::Users)),
        }
    }

    /// The people who could be read. A person who is not among them may still exist.
    pub fn users(self) -> Result<Vec<User>, Fault> {
        self.listed().map(|listed| listed.users)
    }
}
