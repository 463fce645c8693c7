//! The configuration: its shape, how it is read, how secrets are looked up.
//!
//! The only place that reads the environment.

pub mod load;
pub mod secret;
pub mod settings;
