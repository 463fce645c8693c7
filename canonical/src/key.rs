//! API keys and tokens: credentials of programs.

use jiff::Timestamp;
use uuid::Uuid;

use crate::namespace::IdNamespace;
use crate::secret::Secret;
use crate::user::{UserId, UserRef};

/// An API key. It is found by a keyed hash. The value is stored, sealed, only for the systems that show
/// it to its owner again.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Canonical id.
    pub id: Uuid,
    /// The id namespace in which it is valid.
    pub namespace: IdNamespace,
    /// Its owner. `None`: an application key (Kanboard's token, OctoPrint's global key).
    pub owner: Option<UserId>,
    /// The owner as the system names them, in the answer of a system. The gateway replaces it with
    /// [`Key::owner`].
    pub system_owner: Option<UserRef>,
    /// The name of the application that uses it. `None`: the person's plain key.
    pub label: Option<String>,
    /// What it may be used for, in its system's terms (RhodeCode: `api`, `feed`, ...).
    pub scope: Option<String>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Addresses (CIDR) it may be used from; empty means anywhere.
    pub addresses: Vec<String>,
    /// When it was created.
    pub created: Timestamp,
    /// The value, for systems that show it again.
    pub shown: Option<Secret>,
}

impl Key {
    /// A key that a remote system has accepted or shown. Only its owner is known.
    #[must_use]
    pub fn vouched(namespace: IdNamespace, owner: Option<UserId>) -> Self {
        Self {
            id: Uuid::nil(),
            namespace,
            owner,
            system_owner: None,
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            created: Timestamp::UNIX_EPOCH,
            shown: None,
        }
    }

    /// Whether a remote system has accepted or shown it, and the gateway has no record of it.
    #[must_use]
    pub const fn is_vouched(&self) -> bool {
        self.id.is_nil()
    }
}

/// Who issues a key, and who accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The gateway, for an operator. The key has exactly the given value. A remote system does not
    /// know it.
    Gateway,
    /// The system behind the route, if the key is for its own id namespace: the system then chooses
    /// the value and accepts the key. Otherwise the gateway. With it goes the owner's present key, if
    /// the caller has shown it: Dandelion issues a key only to the holder of the old one.
    System(Option<Secret>),
}

/// A key to be issued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewKey {
    /// The id namespace in which it will be valid.
    pub namespace: IdNamespace,
    /// The value. A system that issues its own keys chooses another one: the outcome shows it.
    pub value: Secret,
    /// Who issues it.
    pub issuer: Issuer,
    /// The name of the application that uses it.
    pub label: Option<String>,
    /// What it may be used for.
    pub scope: Option<String>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Addresses (CIDR) it may be used from.
    pub addresses: Vec<String>,
    /// Whether it replaces the owner's keys with the same id namespace and label.
    pub replaces: bool,
}

/// Which of a person's keys of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// Every one.
    All,
    /// The plain ones, which have no label.
    Plain,
    /// Those with this label.
    Labelled(String),
    /// This one.
    Id(Uuid),
}
