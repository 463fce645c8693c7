//! The back: carries commands out.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::capability::Capability;
use crate::command::Command;
use crate::fault::Fault;
use crate::http::{Request, Response};
use crate::outcome::Outcome;
use crate::user::User;

/// Carries commands out on one system. A backend never decides who may do what: that is done
/// before it hears of a command.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// What it can do; constant for its life.
    fn capability(&self) -> &Capability;

    /// Carries one command out. The caller is for the record, not for a decision.
    async fn execute(&self, command: Command) -> Result<Outcome, Fault>;

    /// Whose credential it calls its system with. A backend without a system behind it has none.
    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        Ok(OwnAccount::Nobody)
    }
}

/// The account whose credential a backend calls its system with. Whoever takes it away, or its
/// rights, takes the system away from everybody.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnAccount {
    /// This person of the system.
    Account(Box<User>),
    /// Nobody's: the credential is the system's as a whole.
    Nobody,
    /// The system does not say whose it is.
    Unknown,
}

impl OwnAccount {
    /// This person's.
    #[must_use]
    pub fn of(user: User) -> Self {
        Self::Account(Box::new(user))
    }
}

/// The real system behind a backend, over HTTP.
#[async_trait]
pub trait Upstream: Debug + Send + Sync {
    /// Sends a request whose path is below the system's base address. A fault is `Unavailable` or
    /// `Timeout`; any answer at all, an error status too, is a response.
    async fn send(&self, request: Request) -> Result<Response, Fault>;
}
