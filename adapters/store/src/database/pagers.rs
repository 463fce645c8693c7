//! Connections for the pages of lists. A page is read in the thread that asks for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use isogloss_canonical::fault::Fault;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::faults::{fault, file_fault};
use crate::sql::{Idle, Local};

/// The most connections.
const MOST: u32 = 2;

/// The connections.
#[derive(Debug)]
pub(super) struct Pagers {
    path: PathBuf,
    idle: Idle,
    permits: Arc<Semaphore>,
    /// How long a reader waits for a connection.
    patience: Duration,
    /// How long a statement waits for a lock.
    busy: Duration,
}

impl Pagers {
    /// Connections to a file that exists. They are opened when they are needed.
    pub(super) fn of(path: &Path, patience: Duration, busy: Duration) -> Self {
        Self {
            path: path.to_owned(),
            idle: Arc::new(Mutex::new(Vec::new())),
            permits: Arc::new(Semaphore::new(MOST as usize)),
            patience,
            busy,
        }
    }

    /// Borrows a connection.
    pub(super) async fn lend(&self) -> Result<Local, Fault> {
        let permit = timeout(self.patience, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| fault(sqlx::Error::PoolTimedOut))?;
        let permit = permit.map_err(|_| fault(sqlx::Error::PoolClosed))?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| self.open(), Ok).map_err(file_fault)?;
        Local::new(connection, Arc::clone(&self.idle), permit)
    }

    /// Closes all connections, as soon as nobody uses them.
    pub(super) async fn close(&self) {
        // It fails if they are closed already.
        let all = self.permits.acquire_many(MOST).await;
        self.permits.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A connection that only reads. The file says that it has a write-ahead log.
    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy)?;
        Ok(connection)
    }
}
