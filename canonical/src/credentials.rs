//! Who asks: [`Credentials`] as they are shown, [`Caller`] once they are proved.

use std::net::IpAddr;
use std::time::Duration;

use crate::permission::{Grant, Grants};
use crate::realm::Realm;
use crate::secret::Secret;
use crate::user::{User, UserId, UserRef};

/// When failed sign-ins lock an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// The failure in a row that locks.
    pub after: u32,
    /// For how long.
    pub lasting: Duration,
}

/// What a caller shows to prove who they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials {
    /// A key by itself.
    Key {
        /// The realm it should open.
        realm: Realm,
        /// The value.
        value: Secret,
        /// The scopes that will do; empty: any.
        scopes: &'static [&'static str],
        /// Where the caller calls from, as the dialect's server would see it.
        address: Option<IpAddr>,
    },
    /// A name with a password or, where the dialect takes them, one of the person's keys.
    Login {
        /// Who.
        user: UserRef,
        /// Password or key.
        secret: Secret,
        /// The realm whose keys will do instead of the password.
        keys: Option<Realm>,
        /// When failures lock; `None`: never.
        lockout: Option<Lockout>,
    },
    /// Proved before: by a session of the gateway's own, or by a proxy that the route trusts.
    Vouched(UserRef),
}

/// How a person proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a key, with its label.
    Key(Option<String>),
    /// By a password.
    Password,
    /// By an earlier proof.
    Vouched,
}

/// Who asks, proved.
#[derive(Clone, Debug, PartialEq)]
pub enum Caller {
    /// Nobody in particular.
    Nobody,
    /// The application itself, by a key of its own: may do everything, but is no person.
    Application(Realm),
    /// A person.
    Person(Box<Person>),
    /// The gateway on its own behalf.
    Gateway,
}

/// A caller who is a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Their record as it was when they proved who they are.
    pub user: User,
    /// How they did.
    pub proof: Proof,
}

impl Caller {
    /// The person, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::Person(person) => Some(&person.user),
            Self::Nobody | Self::Application(_) | Self::Gateway => None,
        }
    }

    /// The person's id, if it is one.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.user().map(|user| user.id)
    }

    /// What this caller may do.
    #[must_use]
    pub fn grants(&self) -> Grants {
        match self {
            Self::Nobody => Grants::none(),
            Self::Application(_) | Self::Gateway => Grants::all(),
            Self::Person(person) if !person.user.active => Grants::none(),
            Self::Person(person) => person.user.grants(),
        }
    }

    /// Whether this caller holds a grant.
    #[must_use]
    pub fn holds(&self, grant: Grant) -> bool {
        self.grants().holds(grant)
    }

    /// Whether a command about this person would be about the caller.
    #[must_use]
    pub fn is(&self, user: &UserRef) -> bool {
        let Some(own) = self.user() else { return false };
        match user {
            UserRef::Id(id) => own.id == *id,
            UserRef::Native(realm, id) => own.native(realm) == Some(id.as_str()),
            UserRef::Name(name) => own.username == *name,
            UserRef::FoldedName(_) | UserRef::Email(_) => false,
        }
    }
}
