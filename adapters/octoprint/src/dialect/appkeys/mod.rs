//! The plugin `appkeys`: keys that users give to applications.

pub(crate) mod dialog;
pub(crate) mod issue;
pub(crate) mod keys;
pub(crate) mod limit;
pub(crate) mod pending;
pub(crate) mod requests;
pub(crate) mod slots;
