//! The only place that knows actix: bytes in, bytes out.

mod forward;
mod framing;
mod head;
mod lines;
pub mod listen;
mod request;
pub mod spelling;
mod wire;
