//! What a listener needs to answer requests.

use std::time::Duration;

use crate::proxies::Proxies;
use crate::router::Router;
use crate::server::limits::Limits;
use crate::server::seats::Seats;
use crate::term::Stopping;
use crate::usage::Usage;

/// What a handler needs.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) router: Router,
    pub(super) proxies: Proxies,
    pub(super) body_limit: usize,
    pub(super) timeout: Duration,
    pub(super) batch_limit: usize,
    pub(super) stopping: Stopping,
    /// How long the client of a websocket may be silent.
    pub(super) websocket_idle: Duration,
    /// The places for the websockets of dialects.
    pub(super) seats: Seats,
    /// Where requests are counted, if they can be.
    pub(super) usage: Option<Usage>,
}

impl Listener {
    pub(super) fn new(
        router: Router,
        limits: &Limits,
        (proxies, usage): (&Proxies, Option<&Usage>),
        stopping: &Stopping,
    ) -> Self {
        Self {
            router,
            proxies: proxies.clone(),
            batch_limit: limits.batch,
            stopping: stopping.clone(),
            websocket_idle: limits.websocket_idle,
            seats: Seats::new(limits.websockets),
            body_limit: limits.body,
            timeout: limits.request,
            usage: usage.cloned(),
        }
    }
}
