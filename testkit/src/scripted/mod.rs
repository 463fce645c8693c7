//! Doubles for the unit tests of an adapter: a gateway before which a dialect stands, a session
//! store, and a system behind a backend. None of them waits, reads a clock or opens a socket.

pub mod exchange;
pub mod session_store;
pub mod upstream;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs to its end what never waits.
///
/// # Panics
/// If it waits: nothing here does.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("what is scripted does not wait"),
    }
}
