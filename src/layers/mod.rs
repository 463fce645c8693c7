//! Layers: backends that wrap a backend.

pub mod aliases;
pub mod directory;
pub mod own_account;
pub mod rename;
pub mod sidecar;
