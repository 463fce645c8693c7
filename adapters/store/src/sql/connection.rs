//! A connection of either engine, borrowed from its pool.

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};

/// A connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Connection {
    /// The connection is closed when it is dropped, and does not return to its pool.
    pub(crate) fn close_on_drop(&mut self) {
        match self {
            Self::Sqlite(connection) => connection.close_on_drop(),
            Self::Postgres(connection) => connection.close_on_drop(),
        }
    }
}
