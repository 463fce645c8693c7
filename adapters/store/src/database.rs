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

/// Forward only: a migration that was ever released is never edited.
const MIGRATIONS: [(i64, &str, &str); 4] = [
    (1, "people", include_str!("../migrations/0001_people.sql")),
    (2, "sidecar", include_str!("../migrations/0002_sidecar.sql")),
    (3, "sessions", include_str!("../migrations/0003_sessions.sql")),
    (4, "names", include_str!("../migrations/0004_names.sql")),
];

const READERS: u32 = 4;
const LISTERS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(5);

/// Whole lists wait for each other, and longer than a single row is worth waiting for.
const LIST_PATIENCE: Duration = Duration::from_secs(30);

/// The connections: a few that read a row or some, a few that read whole lists, one that writes.
/// However many ask for lists, whoever proves themselves by a key is looked up at once.
pub(crate) struct Database {
    readers: SqlitePool,
    listers: SqlitePool,
    writer: SqlitePool,
}

impl Database {
    /// Opens the file, makes it where it is not there, and brings it up to date.
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

    /// A connection to read a row or some through.
    pub(crate) async fn read(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        self.readers.acquire().await.map_err(fault)
    }

    /// A connection to read a list through that may hold everybody.
    pub(crate) async fn list(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        self.listers.acquire().await.map_err(fault)
    }

    /// A transaction that is the only one to write until it ends.
    pub(crate) async fn write(&self) -> Result<Write, Fault> {
        Write::begin(&self.writer).await.map_err(fault)
    }

    /// Writes a small row, so that it is known whether the store can write at all.
    pub(crate) async fn check_writable(&self) -> Result<(), Fault> {
        let mut write = self.write().await?;
        let sql = "INSERT INTO meta (name, value) VALUES ('writable', $1) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let query = sqlx::query(sql).bind(now().to_string());
        query.execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// A single value.
    pub(crate) async fn meta(&self, name: &str) -> Result<Option<String>, Fault> {
        sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.readers)
            .await
            .map_err(fault)
    }

    /// Sets a single value unless it has one; says whether it did.
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

    /// Closes every connection; the last one folds the write-ahead log into the file.
    pub(crate) async fn close(&self) {
        self.listers.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// SQLite would make the file readable to everybody; its side files follow its mode.
fn make_private(path: &Path) -> Result<(), Fault> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(access::refused(path, error))
        }
        _ => Ok(()),
    }
}

/// SQLite does not say why it cannot open a file. That it is somebody else's is the usual reason.
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
        .busy_timeout(PATIENCE)
        .disable_statement_logging()
}

/// Connections are kept for good: each holds its prepared statements.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
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
    let detail = match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            return fault(error);
        }
        MigrateError::VersionMissing(version) => format!(
            "isogloss.sqlite was written by a newer release (its migration {version} is unknown \
             to this one); run that release, or restore an older backup of it and secret.key"
        ),
        _ => "isogloss.sqlite cannot be migrated".to_owned(),
    };
    Fault::new(FaultKind::Unexpected, detail).because(error)
}
