//! What a listener takes of a client: bytes and time.

use std::time::Duration;

/// The limits of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest body that a dialect is given, in bytes.
    pub body: usize,
    /// How long a request may take altogether.
    pub request: Duration,
    /// How many calls a batch may hold.
    pub batch: usize,
    /// How long a head may take that was begun.
    pub head: Duration,
    /// How long an exchange may be idle.
    pub idle: Duration,
    /// How long a websocket may be idle.
    pub websocket_idle: Duration,
    /// How long requests in flight may take once the gateway stops.
    pub shutdown: Duration,
    /// How many threads serve; 0: one a core.
    pub workers: usize,
}
