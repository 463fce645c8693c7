//! The pieces of a body, and the protocol that a connection may switch to.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;

/// The only protocol that a connection may switch to.
pub(super) const WEBSOCKET: &str = "websocket";

/// The pieces of a body, as they arrive.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;
