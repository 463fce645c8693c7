//! Layers: backends that wrap a backend.

pub mod bridge;
pub mod directory;
pub mod names;
pub mod own_account;
