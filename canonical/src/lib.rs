//! What is said, whoever says it: commands, outcomes, faults, and the people they are about.
//!
//! This crate knows no framework: neither a web server, nor an HTTP client, nor SQL. Adapters
//! translate between their system's words and these; the gateway joins a front to a back.

pub mod adapter;
pub mod backend;
pub mod capability;
pub mod command;
pub mod credentials;
pub mod dialect;
pub mod exchange;
pub mod extent;
pub mod fault;
pub mod group;
pub mod held;
pub mod http;
pub mod json;
pub mod key;
pub mod membership;
pub mod namespace;
pub mod outcome;
pub mod permission;
pub mod role;
pub mod secret;
pub mod session_store;
pub mod user;
pub mod verb;
pub mod vouching;
