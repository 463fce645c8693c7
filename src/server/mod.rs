//! The only place that knows actix: bytes in, bytes out.

mod forward;
mod framing;
mod head;
pub mod limits;
mod lines;
pub mod listen;
mod request;
pub mod spelling;
mod wire;
