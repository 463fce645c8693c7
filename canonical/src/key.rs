//! API keys and tokens: credentials of programs.

use jiff::Timestamp;
use uuid::Uuid;

use crate::namespace::IdNamespace;
use crate::secret::Secret;
use crate::user::UserId;

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
    /// A key that a remote system has accepted. Only its owner is known.
    #[must_use]
    pub fn vouched(namespace: IdNamespace, owner: Option<UserId>) -> Self {
        Self {
            id: Uuid::nil(),
            namespace,
            owner,
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            created: Timestamp::UNIX_EPOCH,
            shown: None,
        }
    }
}

/// A key to be issued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewKey {
    /// The id namespace in which it will be valid.
    pub namespace: IdNamespace,
    /// The value.
    pub value: Secret,
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
