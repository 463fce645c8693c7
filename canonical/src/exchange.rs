//! What a dialect acts through while it answers one HTTP request.
//!
//! A dialect does no I/O and reads neither clock nor configuration. It asks its [`Exchange`] for
//! everything. In production the exchange is the pipeline; in tests and in `explain` it is a script.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::command::Command;
use crate::credentials::{Caller, Credentials};
use crate::fact::Fact;
use crate::fault::{Fault, FaultKind};
use crate::http::{Request, Response};
use crate::outcome::Outcome;
use crate::people::{Pages, PeopleQuery, Whole};
use crate::session_store::SessionStore;
use crate::vouching::Voucher;

/// The default limit of calls in one request.
pub const BATCH_LIMIT: usize = 1_000;

/// The gateway, as one request's dialect sees it.
#[async_trait]
pub trait Exchange: Debug + Send + Sync {
    /// Authenticates the caller. A refusal is `Unauthenticated` with its [`crate::fault::Refusal`]. A
    /// backend that cannot be reached is a fault of its own kind, never a refusal.
    async fn identify(&self, credentials: Credentials) -> Result<Caller, Fault>;

    /// Runs one command for a caller from [`Exchange::identify`]: the gateway checks the permission,
    /// then the capability, and calls the backend.
    async fn call(&self, caller: &Caller, command: Command) -> Result<Outcome, Fault>;

    /// Reads in the gateway's own name what an answer needs and the caller need not be allowed to
    /// see. A closed list of commands; none of them changes anything.
    async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        self.call(&Caller::Gateway, command).await
    }

    /// Lists everybody page by page: for a caller, or in the gateway's own name (`None`). It is
    /// authorised like [`Command::ListUsers`], and like [`Command::ListKeys`] if it asks for keys.
    async fn list(
        &self,
        caller: Option<&Caller>,
        query: PeopleQuery,
    ) -> Result<Box<dyn Pages>, Fault> {
        list_whole(self, caller, query).await
    }

    /// Runs a command for a voucher. It is refused unless the route's options allow it, and for
    /// anything but creating a person and giving them groups.
    async fn vouch(&self, voucher: Voucher, command: Command) -> Result<Outcome, Fault> {
        drop((voucher, command));
        Err(Fault::forbidden())
    }

    /// Forwards to the route's origin what this dialect does not translate: a method of the real
    /// server that is not about people. The body must be one JSON object that names each member once;
    /// otherwise it is `Malformed`, since the origin could read another method in it. `None`: the route
    /// has no origin, and the dialect answers as its server does for an unknown method.
    async fn forward(&self, request: Request) -> Option<Result<Response, Fault>> {
        drop(request);
        None
    }

    /// Whether the accounts are in the embedded store. Then no server exists beside the gateway, and what
    /// the dialect has no command for does not exist: an empty list is true. Otherwise a dialect
    /// answers a call that it neither translates nor can forward as its server does for an unknown
    /// method.
    fn is_embedded(&self) -> bool {
        true
    }

    /// Whether the backend itself holds this attribute of people, not a sidecar. A dialect asks before
    /// a call that makes more than a value. Example: a repository group of a new user.
    fn holds(&self, attribute: &str) -> bool {
        let _ = attribute;
        true
    }

    /// Whether the system behind the route knows this fact about itself.
    fn knows(&self, fact: &str) -> bool {
        let _ = fact;
        false
    }

    /// Asks the system behind the route for a fact about itself, for a caller who may know it.
    /// `None`: it has no such fact, and the dialect answers as its server does for an unknown method.
    async fn fact(&self, caller: &Caller, fact: Fact) -> Option<Result<Value, Fault>> {
        drop((caller, fact));
        None
    }

    /// Why no further call of a batch may begin: the client has disconnected, the time limit is
    /// reached, or the gateway stops. `None`: go on. A dialect asks between independent calls, never
    /// between the parts of one write, and answers the remaining calls with the fault.
    fn over(&self) -> Option<Fault> {
        None
    }

    /// How many calls one request may hold. A dialect refuses a longer batch before it runs any call.
    fn batch_limit(&self) -> usize {
        BATCH_LIMIT
    }

    /// The session store.
    fn sessions(&self) -> &dyn SessionStore;

    /// Fresh random bytes, fit for a secret.
    fn random(&self) -> [u8; 32];

    /// The time.
    fn now(&self) -> Timestamp;
}

/// Lists everybody as [`Exchange::list`] does, on a backend that reads lists as a whole.
pub async fn list_whole<E: Exchange + ?Sized>(
    exchange: &E,
    caller: Option<&Caller>,
    query: PeopleQuery,
) -> Result<Box<dyn Pages>, Fault> {
    let run = async |command| match caller {
        Some(caller) => exchange.call(caller, command).await,
        None => exchange.read(command).await,
    };
    let mut users = run(Command::ListUsers).await?.users()?;
    query.order.sort(&mut users);
    let keys = match query.keys {
        Some(wanted) => match run(Command::ListKeys(None, wanted.namespace, wanted.choice)).await {
            Err(fault) if wanted.optional && lacks_keys(&fault) => Vec::new(),
            listed => listed?.keys()?,
        },
        None => Vec::new(),
    };
    Ok(Box::new(Whole::new(users, keys)))
}

/// Whether a fault says that a backend has no keys to list.
const fn lacks_keys(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Unsupported | FaultKind::NotFound)
}
