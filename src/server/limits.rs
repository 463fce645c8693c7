//! The limits of a listener on bytes and time.

use std::time::Duration;

/// The limits of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest body for a dialect, in bytes.
    pub body: usize,
    /// The limit for a whole request.
    pub request: Duration,
    /// The most calls of a batch.
    pub batch: usize,
    /// The limit for receiving a request head after its first byte.
    pub head: Duration,
    /// How long an exchange may be idle.
    pub idle: Duration,
    /// How long a websocket may be idle.
    pub websocket_idle: Duration,
    /// The most websockets of dialects that are open at one time.
    pub websockets: usize,
    /// How long running requests may take after the gateway begins to stop.
    pub shutdown: Duration,
    /// The number of server threads. 0: one for each core.
    pub workers: usize,
}
