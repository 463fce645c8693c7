//! Test doubles for the unit tests of an adapter: a gateway, a session store, and a system for a
//! backend. None of them waits, reads a clock or opens a socket.

pub mod exchange;
pub mod recorded_store;
pub mod session_store;
pub mod upstream;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future that never waits.
///
/// # Panics
/// If the future waits. The test doubles never do.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("what is scripted does not wait"),
    }
}
