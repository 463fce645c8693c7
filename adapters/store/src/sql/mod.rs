//! SQL on both engines: one query, one row and one connection, over SQLite or PostgreSQL. SQLite is read
//! by `sqlx`, or in the thread of the caller (`local`).
//!
//! The statements are the same on both. What differs (opening, locks, error codes) is in
//! `database` and `faults`.

mod builder;
mod connection;
mod local;
mod query;
mod remote;
mod row;
mod servers;
mod text;
mod ticks;
mod value;

pub(crate) use self::builder::Builder;
pub(crate) use self::connection::{Connection, Lease};
pub(crate) use self::local::{Idle, Local};
pub(crate) use self::query::{Query, query};
pub(crate) use self::remote::Remote;
pub(crate) use self::row::{Column, Row, View, column};
pub(crate) use self::servers::Servers;
pub(crate) use self::value::Value;
