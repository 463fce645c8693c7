//! The first people of a fresh store: an administrator, or those of an accounts file.

pub mod accounts;
pub mod bootstrap;
mod check;
pub mod credentials;
pub(crate) mod publish;
