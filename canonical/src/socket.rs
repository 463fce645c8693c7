//! A websocket of a dialect: what the server says on it, to whom, and when.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::exchange::Exchange;

/// What happens on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The client has connected. It comes first, and once.
    Opened,
    /// The client has sent a message.
    Heard(&'a str),
    /// The time of [`Socket::period`] has passed since the last event of this kind.
    Elapsed,
}

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// The server sends these messages, in their order. An empty list: it says nothing.
    Say(Vec<String>),
    /// The server ends the connection.
    End,
}

/// One open websocket. It acts through the [`Exchange`] of each event only, so that every event is
/// authorised anew: a session that has ended since opens nothing on it.
///
/// The gateway does the rest: the frames of RFC 6455, pings, the limits on time, on the size of a
/// message and on the number of sockets. The events of a socket come one after the other.
#[async_trait]
pub trait Socket: Debug + Send {
    /// How often [`Event::Elapsed`] comes.
    fn period(&self) -> Duration;

    /// Says what follows from an event.
    async fn react(&mut self, event: Event<'_>, exchange: &dyn Exchange) -> Reaction;
}
