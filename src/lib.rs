//! The gateway: connects dialects to backends.
//!
//! `server` (bytes) -> `router` (route) -> the route's dialect, which acts through the `pipeline`
//! (authenticate, authorise, execute) -> `server`.

pub mod auth;
pub mod backends;
pub mod cli;
pub mod config;
pub mod connect;
pub mod explain;
pub mod gateway;
mod guards;
pub mod layers;
pub mod listing;
pub mod manual;
pub mod matrix;
pub mod origin;
pub mod pipeline;
pub mod provision;
pub mod proxies;
pub mod random;
pub mod registry;
mod repeats;
mod rereadable;
pub mod router;
pub mod runner;
pub mod server;
pub mod sessions;
pub mod startup;
pub mod systems;
pub mod telemetry;
pub mod term;
pub mod upstream;
pub mod usage;
pub mod verified;
