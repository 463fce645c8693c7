//! The shapes of Kanboard's JSON, which the dialect and the backend share.

pub(crate) mod attributes;
pub(crate) mod columns;
pub(crate) mod directory;
pub(crate) mod group;
pub(crate) mod project;
pub(crate) mod user;
pub(crate) mod values;
