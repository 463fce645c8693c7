//! Layers: backends that wrap a backend.

pub mod bridge;
pub mod names;
