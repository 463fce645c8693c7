//! The dialect of an adapter: reads the requests of one system's clients and answers in the format of
//! that system.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::http::{Request, Response};
use crate::named::Named;
use crate::socket::Socket;
use crate::verb::Verb;
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
    /// Every method it has: for the manual, for the matrix, and for the test that each method has a
    /// transcript.
    fn methods(&self) -> &'static [MethodInfo];

    /// Whether this dialect translates the request: decided by the head, before the body is read.
    /// The gateway forwards any other request to the route's origin unchanged, if the route has one.
    fn handles(&self, request: &Request) -> bool;

    /// Answers a request.
    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response;

    /// The socket of a request that asks for a websocket. `None`: the dialect has none there, or refuses
    /// the request, and [`Dialect::answer`] says so. The gateway asks before it switches the protocol.
    fn socket(&self, _: &Request, _: &dyn Exchange) -> Option<Box<dyn Socket>> {
        None
    }

    /// Which proxies and networks may name a user, by the options of the route. It is read once, when
    /// the route is set up, and the gateway enforces it.
    fn vouching(&self) -> Vouching {
        Vouching::default()
    }

    /// What a request says of itself, for counting who calls what. Of the body only the beginning need
    /// be there.
    fn named(&self, _: &Request) -> Named {
        Named::default()
    }

    /// Whether a request whose body begins like this is a call that the dialect forwards
    /// ([`Exchange::forward`]): for a body that is too long to be read whole. `None`: the dialect
    /// forwards no calls, and the head alone decides.
    fn forwards(&self, _: &[u8]) -> Option<bool> {
        None
    }

    /// Encodes a fault that occurred before the dialect was asked: a body too large, a time-out.
    fn refuse(&self, request: &Request, fault: &Fault) -> Response;
}
