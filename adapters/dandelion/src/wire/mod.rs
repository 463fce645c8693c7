//! The shapes of Dandelion's data: users, the Cheesto board, and what its columns hold.

pub(crate) mod attributes;
pub(crate) mod cheesto;
pub(crate) mod columns;
pub(crate) mod person;
pub(crate) mod values;
