//! The HTTP server. Only this module uses actix.

mod forward;
mod framing;
mod head;
pub mod limits;
mod lines;
pub mod listen;
mod request;
pub mod spelling;
mod wire;
