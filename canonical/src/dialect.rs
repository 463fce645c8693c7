//! The front of an adapter: reads callers of one system and answers them in its words.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::command::Verb;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::http::{Request, Response};
use crate::vouching::Vouching;

/// A method of a dialect, as its manual has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodInfo {
    /// Its name: `createUser`, `POST /api/access/users`.
    pub name: &'static str,
    /// The commands it may run.
    pub verbs: &'static [Verb],
    /// What it is for, in one sentence.
    pub about: &'static str,
}

/// One system's dialect. It acts through its [`Exchange`] only, so that it can be replayed, fuzzed
/// and explained.
#[async_trait]
pub trait Dialect: Debug + Send + Sync {
    /// Every method it has: for the manual, the matrix, and the test that asks for a transcript
    /// of each.
    fn methods(&self) -> &'static [MethodInfo];

    /// Whether a request is about what this dialect translates at all: by its head, before its body
    /// is read. What is not goes to the route's origin unchanged, if it names one.
    fn handles(&self, request: &Request) -> bool;

    /// Answers a request.
    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response;

    /// What the options of its route believe of a proxy in front, or of being near. Asked once,
    /// when the route is mounted; the gateway holds the dialect to it.
    fn vouching(&self) -> Vouching {
        Vouching::default()
    }

    /// Words a fault that came before the request could be answered: a body too large, a time-out.
    fn refuse(&self, request: &Request, fault: &Fault) -> Response;
}
