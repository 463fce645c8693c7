//! One HTTP request's conversation with the gateway: the only thing a dialect can act through.
//!
//! A dialect does no input or output of its own, reads no clock and no configuration. Everything
//! it wants done it asks of its [`Exchange`], which is the pipeline in production, and a script in
//! tests and in `explain`.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::command::Command;
use crate::credentials::{Caller, Credentials};
use crate::fault::Fault;
use crate::http::{Request, Response};
use crate::outcome::Outcome;
use crate::session_store::SessionStore;
use crate::vouching::Voucher;

/// How many calls one request may hold unless the configuration says otherwise.
pub const BATCH_LIMIT: usize = 1_000;

/// The gateway, as one request's dialect sees it.
#[async_trait]
pub trait Exchange: Debug + Send + Sync {
    /// Proves who asks. A refusal is `Unauthenticated` with its [`crate::fault::Refusal`]; a
    /// backend that cannot be asked is its own fault, never a refusal.
    async fn identify(&self, credentials: Credentials) -> Result<Caller, Fault>;

    /// Runs one command for a caller whom [`Exchange::identify`] answered: permission first, then
    /// capability, then the backend.
    async fn call(&self, caller: &Caller, command: Command) -> Result<Outcome, Fault>;

    /// Reads in the gateway's own name what an answer needs and the caller need not be allowed to
    /// see. A closed list of commands; none of them changes anything.
    async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        self.call(&Caller::Gateway, command).await
    }

    /// Runs a command on the word of a voucher. Refused unless the route's options believe it, and
    /// for anything but creating a person and giving them groups.
    async fn vouch(&self, voucher: Voucher, command: Command) -> Result<Outcome, Fault> {
        drop((voucher, command));
        Err(Fault::forbidden())
    }

    /// Has the route's origin answer what this dialect does not translate: a method of the real
    /// server's that is not about people. Its body must be one JSON object that names each member
    /// once: `Malformed` otherwise, since the origin could read another method in it. `None`: the route names no origin, and the dialect says
    /// what its server says of a method that it does not have.
    async fn forward(&self, request: Request) -> Option<Result<Response, Fault>> {
        drop(request);
        None
    }

    /// Why no further call of a batch must be begun: the client is gone, its time is up, or the
    /// gateway stops. `None`: go on. A dialect asks between calls that do not depend on each other,
    /// never between the parts of one write; it words the fault for the calls that are left.
    fn over(&self) -> Option<Fault> {
        None
    }

    /// How many calls one request may hold. A dialect refuses a longer batch whole, before any of
    /// it is done.
    fn batch_limit(&self) -> usize {
        BATCH_LIMIT
    }

    /// What is remembered between requests.
    fn sessions(&self) -> &dyn SessionStore;

    /// Fresh random bytes, fit for a secret.
    fn random(&self) -> [u8; 32];

    /// The time.
    fn now(&self) -> Timestamp;
}
