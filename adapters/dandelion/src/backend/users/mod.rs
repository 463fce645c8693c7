//! The commands about users.

pub(super) mod delete;
pub(super) mod read;
pub(super) mod update;
