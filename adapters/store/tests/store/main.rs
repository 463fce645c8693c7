//! Tests of the store through its public functions, on a real SQLite file.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

mod bulk;
mod contention;
mod groups;
mod keys;
mod kit;
mod load;
mod long;
mod opening;
mod pages;
mod people;
mod races;
mod session_store;
mod signin;
mod unique;
