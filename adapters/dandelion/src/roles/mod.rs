//! How roles, rights and groups map between Dandelion and the canonical model.

pub(crate) mod foundation;
pub(crate) mod memberships;
pub(crate) mod rights;
