//! A Kanboard server that keeps state, and the gateway in front of it. The fake is written from what
//! real servers of version 1.2.53 answered; `recordings` checks it with those answers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bridge;
mod fake;
mod recordings;
mod server;
