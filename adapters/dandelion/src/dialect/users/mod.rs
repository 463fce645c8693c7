//! `users/*`: the users.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod password;
pub(crate) mod read;
pub(crate) mod update;
