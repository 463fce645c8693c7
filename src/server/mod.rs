//! The HTTP server. Only this module uses actix.

mod body;
mod forward;
mod framing;
mod head;
pub mod limits;
mod lines;
pub mod listen;
mod listener;
mod reply;
mod request;
mod respond;
pub mod spelling;
mod wire;
