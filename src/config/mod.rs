//! The configuration: its structure, how it is read and checked, and how secrets are resolved.
//!
//! Only this module reads the environment.

pub mod check;
pub mod environment;
pub mod finding;
pub mod load;
pub mod masked;
pub mod role;
pub mod secret;
pub mod settings;
pub mod shape;
pub mod sources;
pub mod values;
