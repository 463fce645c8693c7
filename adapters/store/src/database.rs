//! The SQLite file: its connections, its migrations, its single values.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, SqlStr, Sqlite};

use crate::access;
use crate::faults::fault;
use crate::rows::now;
use crate::write::Write;

/// The migrations, forward only. A released migration is never edited: the database has its
/// checksum.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (1, "people", include_str!("../migrations/0001_people.sql")),
    (2, "sidecar", include_str!("../migrations/0002_sidecar.sql")),
    (3, "sessions", include_str!("../migrations/0003_sessions.sql")),
    (4, "names", include_str!("../migrations/0004_names.sql")),
    (5, "aliases", include_str!("../migrations/0005_aliases.sql")),
];

const READERS: u32 = 4;
const LISTERS: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a list waits for a connection. Lists share few connections, so this is longer than the
/// wait for one row.
const LIST_PATIENCE: Duration = Duration::from_secs(30);

/// The connections: some read single rows, some read lists, and one writes. Lists have their own
/// connections, so that many lists never delay the lookup of an API key.
pub(crate) struct Database {
    readers: SqlitePool,
    listers: SqlitePool,
    writer: SqlitePool,
}

impl Database {
    /// Opens the file and runs the missing migrations. Creates the file if it is missing.
    pub(crate) async fn open(directory: &Path) -> Result<Self, Fault> {
        let path = directory.join(crate::files::DATABASE);
        make_private(&path)?;
        let options = options(&path);
        let writer = pool(1).connect_with(options.clone()).await;
        let writer = writer.map_err(|error| opening(&path, error))?;
        migrate(&writer).await?;
        let reading = options.pragma("query_only", "on");
        let listers = pool(LISTERS).acquire_timeout(LIST_PATIENCE);
        let listers = listers.connect_lazy_with(reading.clone());
        let readers = pool(READERS).connect_with(reading).await.map_err(fault)?;
        Ok(Self { readers, listers, writer })
    }

    /// A connection for reading a few rows.
    pub(crate) async fn read(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        self.readers.acquire().await.map_err(fault)
    }

    /// A connection for reading a list of any length.
    pub(crate) async fn list(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        self.listers.acquire().await.map_err(fault)
    }

    /// Begins a write transaction. There is only one at a time.
    pub(crate) async fn write(&self) -> Result<Write, Fault> {
        Write::begin(&self.writer).await.map_err(fault)
    }

    /// Tests that the store can write: writes one small row and commits it.
    pub(crate) async fn check_writable(&self) -> Result<(), Fault> {
        let mut write = self.write().await?;
        let sql = "INSERT INTO meta (name, value) VALUES ('writable', $1) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let query = sqlx::query(sql).bind(now().to_string());
        query.execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// Reads a single value of the table `meta`.
    pub(crate) async fn meta(&self, name: &str) -> Result<Option<String>, Fault> {
        sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.readers)
            .await
            .map_err(fault)
    }

    /// Sets a single value if it is not set yet. Answers whether it did.
    pub(crate) async fn claim_meta(&self, name: &str, value: &str) -> Result<bool, Fault> {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        let mut write = self.write().await?;
        let done = sqlx::query(sql).bind(name).bind(value).execute(&mut *write).await;
        let claimed = done.map_err(fault)?.rows_affected() == 1;
        write.commit().await.map_err(fault)?;
        Ok(claimed)
    }

    /// Whether [`Database::close`] was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }

    /// Closes all connections. The last one writes the write-ahead log back into the file.
    pub(crate) async fn close(&self) {
        self.listers.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
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

async fn migrate(writer: &SqlitePool) -> Result<(), Fault> {
    let rows = MIGRATIONS.map(|(version, name, sql)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(rows.into()).run(writer).await.map_err(migration)
}

fn migration(error: MigrateError) -> Fault {
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return fault(error);
    }
    let detail = if let MigrateError::VersionMissing(version) = error {
        format!(
            "isogloss.sqlite was written by a newer release (its migration {version} is unknown \
             to this one); run that release, or restore an older backup of it and secret.key"
        )
    } else {
        "isogloss.sqlite cannot be migrated".to_owned()
    };
    Fault::new(FaultKind::Unexpected, detail).because(error)
}
