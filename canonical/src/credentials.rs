//! [`Credentials`] are what a caller shows. A [`Caller`] is authenticated.

use std::fmt;
use std::time::Duration;

use crate::namespace::IdNamespace;
use crate::permission::{Grant, Grants};
use crate::secret::Secret;
use crate::user::{User, UserId, UserRef};
use crate::vouching::Voucher;

/// When failed sign-ins lock an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// The failure in a row that locks.
    pub after: u32,
    /// For how long.
    pub lasting: Duration,
}

/// What a caller shows for authentication.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials {
    /// A key by itself.
    Key {
        /// The namespace it should open.
        namespace: IdNamespace,
        /// The value.
        value: Secret,
        /// The scopes that will do; empty: any.
        scopes: &'static [&'static str],
    },
    /// A name with a password or, where the dialect takes them, one of the person's keys.
    Login {
        /// Who.
        user: UserRef,
        /// Password or key.
        secret: Secret,
        /// The namespace whose keys will do instead of the password.
        keys: Option<IdNamespace>,
        /// When failed sign-ins lock the account. `None`: never.
        lockout: Option<Lockout>,
    },
    /// Authenticated earlier: by a session of the gateway.
    Vouched(UserRef),
    /// A user name that this voucher names. The gateway checks that the route believes it.
    Named(Voucher, String),
}

/// How a person was authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a key, with its label.
    Key(Option<String>),
    /// By a password.
    Password,
    /// By an earlier authentication.
    Vouched,
}

/// An authenticated caller. Only the gateway can create one that may do anything: a person and an
/// application have the gateway's [`Seal`], and the gateway checks it at every call. A dialect
/// reads in the gateway's own name with [`crate::exchange::Exchange::read`].
#[derive(Clone, Debug, PartialEq)]
pub enum Caller {
    /// A caller without credentials.
    Nobody,
    /// The application itself, with an application key. It may do everything, but is no person.
    Application(Application),
    /// A person.
    Person(Box<Person>),
    /// The gateway on its own behalf. No dialect's call is made in its name.
    Gateway,
}

/// Random bytes that mark a caller as created by this gateway. No dialect can read them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seal([u8; 32]);

impl Seal {
    /// A seal of these random bytes.
    #[must_use]
    pub const fn new(random: [u8; 32]) -> Self {
        Self(random)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

/// A caller who is an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    namespace: IdNamespace,
    seal: Seal,
}

impl Application {
    /// The id namespace of its key.
    #[must_use]
    pub const fn namespace(&self) -> &IdNamespace {
        &self.namespace
    }
}

/// A caller who is a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    user: User,
    proof: Proof,
    seal: Seal,
}

impl Person {
    /// The person's record at the time of authentication.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// How the person was authenticated.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }
}

impl Caller {
    /// A person whom the gateway with this seal has authenticated.
    #[must_use]
    pub fn person(user: User, proof: Proof, seal: Seal) -> Self {
        Self::Person(Box::new(Person { user, proof, seal }))
    }

    /// An application whose key the gateway with this seal has accepted for this id namespace.
    #[must_use]
    pub const fn application(namespace: IdNamespace, seal: Seal) -> Self {
        Self::Application(Application { namespace, seal })
    }

    /// Whether the gateway with this seal accepts this caller from a dialect. A caller without
    /// credentials needs no seal: the permission table refuses it.
    #[must_use]
    pub fn is_sealed_by(&self, seal: Seal) -> bool {
        match self {
            Self::Nobody => true,
            Self::Application(application) => application.seal == seal,
            Self::Person(person) => person.seal == seal,
            Self::Gateway => false,
        }
    }

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

    /// Whether this reference names the caller.
    #[must_use]
    pub fn is(&self, user: &UserRef) -> bool {
        let Some(own) = self.user() else { return false };
        match user {
            UserRef::Id(id) => own.id == *id,
            UserRef::Native(namespace, id) => own.native(namespace) == Some(id.as_str()),
            UserRef::Name(name) => own.username == *name,
            UserRef::FoldedName(_) | UserRef::Email(_) => false,
        }
    }
}
