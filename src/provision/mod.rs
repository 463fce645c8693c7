//! The first users of a new store: an administrator, or the users of an accounts file.

pub mod accounts;
pub mod bootstrap;
mod check;
pub mod credentials;
pub(crate) mod publish;
pub mod state;
