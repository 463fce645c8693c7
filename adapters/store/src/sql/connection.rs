//! A connection of either engine, borrowed from its pool.

use isogloss_canonical::fault::Fault;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::faults::closed;
use crate::sql::local::Local;
use crate::sql::remote::Remote;

/// A connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(Lease),
    Postgres(Remote),
    /// A connection to the SQLite file that never waits for another thread.
    Local(Local),
}

impl Connection {
    /// Whether its statements block the thread of the caller.
    pub(crate) const fn blocks(&self) -> bool {
        matches!(self, Self::Local(_))
    }

    /// A new id, which sorts after every earlier one of the database. Only a write transaction has
    /// one.
    pub(crate) fn fresh_id(&mut self) -> Uuid {
        match self {
            Self::Sqlite(_) | Self::Local(_) => Uuid::now_v7(),
            Self::Postgres(remote) => remote.fresh_id(),
        }
    }
}

/// A borrowed connection to a SQLite file.
#[derive(Debug)]
pub(crate) struct Lease {
    /// It is there until the value is dropped.
    connection: Option<PoolConnection<Sqlite>>,
    /// Whether the connection is closed when the lease ends, and does not return to its pool.
    pub(crate) closes: bool,
    /// The runtime to which the connection is given back. A request that is dropped at the end of the
    /// process is dropped outside of it.
    runtime: Handle,
}

impl From<PoolConnection<Sqlite>> for Lease {
    fn from(connection: PoolConnection<Sqlite>) -> Self {
        Self { connection: Some(connection), closes: false, runtime: Handle::current() }
    }
}

impl Lease {
    pub(super) fn open(&mut self) -> Result<&mut SqliteConnection, Fault> {
        self.connection.as_deref_mut().ok_or_else(closed)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let _context = self.runtime.enter();
        if self.closes {
            connection.close_on_drop();
        }
        drop(connection);
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::runtime::Builder;

    use crate::database::Database;

    #[test]
    fn a_connection_can_be_dropped_after_its_runtime() {
        let folder = TempDir::new().unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (list, write) = runtime.block_on(async {
            let database = Database::open(folder.path()).await.unwrap();
            (database.list().await.unwrap(), database.open_write().await.unwrap())
        });
        drop(list);
        drop(runtime);
        drop(write);
    }
}
