//! A real OctoPrint, from its package registry, behind its own dialect: the backend of the route is
//! the server that the dialect is for. What clients hear and change through the gateway must be the
//! server's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bridge;
mod groups;
mod heirs;
mod limits;
mod recordings;
mod state;
