//! The first users of a new store: an administrator, or the users of an accounts file.

pub mod accounts;
pub mod bootstrap;
pub mod check;
pub mod credentials;
mod fill;
pub(crate) mod publish;
pub mod source;
pub mod state;
