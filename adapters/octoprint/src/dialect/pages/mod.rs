//! The pages for people, on a route without an origin. They work without scripts: each has one form,
//! which the same address receives.

pub(crate) mod destination;
pub(crate) mod frame;
pub(crate) mod index;
pub(crate) mod login;
pub(crate) mod setup;
