//! The canonical model: commands, outcomes, faults, and the people and groups that they are about.
//!
//! This crate uses no framework: no web server, no HTTP client, no SQL. An adapter translates between
//! its system's format and this model. The gateway joins a dialect to a backend.

pub mod adapter;
pub mod backend;
pub mod capability;
pub mod command;
pub mod credentials;
pub mod dialect;
pub mod exchange;
pub mod extent;
pub mod fact;
pub mod fault;
pub mod group;
pub mod held;
pub mod http;
pub mod json;
pub mod key;
pub mod listing;
pub mod membership;
pub mod named;
pub mod namespace;
pub mod outcome;
pub mod people;
pub mod permission;
pub mod role;
pub mod secret;
pub mod session_store;
pub mod socket;
pub mod user;
pub mod value;
pub mod verb;
pub mod version;
pub mod vouching;
