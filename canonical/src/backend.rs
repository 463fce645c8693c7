//! The back: carries commands out.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::capability::Capability;
use crate::command::Command;
use crate::credentials::Caller;
use crate::fault::Fault;
use crate::http::{Request, Response};
use crate::outcome::Outcome;

/// Carries commands out on one system. A backend never decides who may do what: that is done
/// before it hears of a command.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// What it can do; constant for its life.
    fn capability(&self) -> &Capability;

    /// Carries one command out. The caller is for the record, not for a decision.
    async fn execute(&self, command: Command, caller: &Caller) -> Result<Outcome, Fault>;
}

/// The real system behind a backend, over HTTP.
#[async_trait]
pub trait Upstream: Debug + Send + Sync {
    /// Sends a request whose path is below the system's base address. A fault is `Unavailable` or
    /// `Timeout`; any answer at all, an error status too, is a response.
    async fn send(&self, request: Request) -> Result<Response, Fault>;
}
