//! The HTTP server. Only this module uses actix.

mod body;
mod conversation;
mod forward;
mod frames;
mod framing;
mod head;
pub mod limits;
mod lines;
pub mod listen;
mod listener;
mod reply;
mod request;
mod respond;
mod seats;
pub mod spelling;
mod websocket;
mod wire;
