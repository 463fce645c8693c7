//! The backend of an adapter: executes commands.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::capability::Capability;
use crate::command::Command;
use crate::fact::Fact;
use crate::fault::Fault;
use crate::http::{Request, Response};
use crate::outcome::Outcome;
use crate::people::{Pages, PeopleQuery};
use crate::user::User;

/// Executes commands on one system. A backend never decides who may do what: the gateway has decided
/// that before it calls a backend.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// What it can do. This never changes.
    fn capability(&self) -> &Capability;

    /// Executes one command. The outcome is of the kind that the table of verbs says
    /// ([`crate::verb::Verb::answers`]).
    async fn execute(&self, command: Command) -> Result<Outcome, Fault>;

    /// Lists everybody page by page. `None`: it reads lists as a whole, by [`Command::ListUsers`].
    fn pages(&self, query: &PeopleQuery) -> Option<Box<dyn Pages>> {
        let _ = query;
        None
    }

    /// The same backend for one request of a client. It does not ask its system twice for a person
    /// within the request. `None`: it asks no system, or asks each time.
    fn for_request(&self) -> Option<Arc<dyn Backend>> {
        None
    }

    /// Asks its server for a fact that the capability says it knows. The gateway has decided who may
    /// ask. `None`: it is a question in another system's words.
    async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        drop(fact);
        None
    }

    /// Whether its system verifies passwords at present. The fault says why not. It is asked by
    /// `isogloss config check --connect` only.
    async fn verifies_passwords(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The account whose credential it calls its system with. A local backend has none.
    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        Ok(OwnAccount::Nobody)
    }
}

/// The account whose credential a backend calls its system with. Without it, or without its rights,
/// the backend can do nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnAccount {
    /// This person of the system.
    Account(Box<User>),
    /// No account: the credential belongs to the system as a whole.
    Nobody,
    /// Unknown: the system does not say.
    Unknown,
}

impl OwnAccount {
    /// The account of this person.
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

    /// Sends a request with the credentials that a caller showed. The system hears the caller's address,
    /// if the gateway knows it: a system that counts failed sign-ins by address must not count those of
    /// all callers together.
    async fn send_for_caller(&self, request: Request) -> Result<Response, Fault> {
        self.send(request).await
    }
}
