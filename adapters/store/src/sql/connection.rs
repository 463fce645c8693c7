//! A connection of either engine, borrowed from its pool.

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use uuid::Uuid;

use crate::sql::remote::Remote;

/// A connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(Lease),
    Postgres(Remote),
}

impl Connection {
    /// A new id, which sorts after every earlier one of the database. Only a write transaction has
    /// one.
    pub(crate) fn fresh_id(&mut self) -> Uuid {
        match self {
            Self::Sqlite(_) => Uuid::now_v7(),
            Self::Postgres(remote) => remote.fresh_id(),
        }
    }
}

/// A borrowed connection to a SQLite file.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(super) connection: PoolConnection<Sqlite>,
    /// Whether the connection is closed when the lease ends, and does not return to its pool.
    pub(crate) closes: bool,
}

impl From<PoolConnection<Sqlite>> for Lease {
    fn from(connection: PoolConnection<Sqlite>) -> Self {
        Self { connection, closes: false }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.closes {
            self.connection.close_on_drop();
        }
    }
}
