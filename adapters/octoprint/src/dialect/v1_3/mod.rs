//! What servers before 1.4 answer: handlers of 1.3.12 and 1.3.0. `dialect/table/v1_3.rs` says which
//! method runs which.

pub(crate) mod account;
pub(crate) mod answers;
pub(crate) mod appkeys;
pub(crate) mod bodies;
pub(crate) mod charset;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod pages;
pub(crate) mod passive;
pub(crate) mod settings;
pub(crate) mod users;
pub(crate) mod wizard;
