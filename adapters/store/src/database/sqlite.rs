//! The SQLite file: its pools, and its mode.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite};

use crate::access;
use crate::database::migrations;
use crate::database::pagers::Pagers;
use crate::database::pools::Pools;
use crate::faults::fault;

const READERS: u32 = 4;
const LISTERS: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a list waits for a connection. Lists share few connections, so this is longer than the
/// wait for one row.
const LIST_PATIENCE: Duration = Duration::from_secs(30);

/// An open file.
#[derive(Debug)]
pub(crate) struct File {
    pub(super) pools: Pools<Sqlite>,
    pub(super) pagers: Pagers,
}

impl File {
    /// Closes all connections, the writing one last: it writes the write-ahead log back into the file.
    pub(super) async fn close(&self) {
        self.pagers.close().await;
        self.pools.close().await;
    }
}

/// Opens the file of a directory and runs the missing migrations. Creates the file if it is missing.
pub(super) async fn open(directory: &Path) -> Result<File, Fault> {
    let path = directory.join(crate::files::DATABASE);
    make_private(&path)?;
    let options = options(&path);
    let writer = pool(1).connect_with(options.clone()).await;
    let writer = writer.map_err(|error| opening(&path, error))?;
    migrations::for_sqlite().run(&writer).await.map_err(migrations::failed)?;
    let reading = options.pragma("query_only", "on");
    let listers = pool(LISTERS).acquire_timeout(LIST_PATIENCE);
    let listers = listers.connect_lazy_with(reading.clone());
    let readers = pool(READERS).connect_with(reading).await.map_err(fault)?;
    let pagers = Pagers::of(&path, LIST_PATIENCE, TIMEOUT);
    Ok(File { pools: Pools { readers, listers, writer }, pagers })
}

/// Creates the file with mode 0600. SQLite itself would let every user read it. SQLite gives the
/// `-wal` and `-shm` files the mode of the database.
pub(crate) fn make_private(path: &Path) -> Result<(), Fault> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(access::refused(path, error))
        }
        _ => Ok(()),
    }
}

/// The fault for a file that cannot be opened. SQLite gives no reason, so the detail names the
/// usual one: another user owns the file.
fn opening(path: &Path, error: sqlx::Error) -> Fault {
    let fault = fault(error);
    match access::foreign(path) {
        Some(detail) if fault.kind == FaultKind::Unavailable => {
            Fault { detail: detail.into(), ..fault }
        }
        _ => fault,
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(TIMEOUT)
        .disable_statement_logging()
}

/// A pool that never closes a connection, because each connection has its prepared statements.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
