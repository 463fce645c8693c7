//! Who calls what: counters in a small SQLite file of their own, beside the store or without one.
//! Several processes may add to one file.

use std::path::Path;
use std::time::Duration;

use isogloss_canonical::fault::Fault;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Row};

use crate::access;
use crate::database::make_private;
use crate::faults::fault;

/// The name of the file.
pub const USAGE: &str = "usage.sqlite";
/// How many rows the file keeps. Those with the fewest calls are deleted first.
const MOST_ROWS: i64 = 20_000;
/// How long a process waits for another one that writes.
const TIMEOUT: Duration = Duration::from_secs(5);

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS usage (route TEXT NOT NULL, method TEXT NOT NULL, \
     caller TEXT NOT NULL, calls INTEGER NOT NULL, failed INTEGER NOT NULL, first TEXT NOT NULL, \
     last TEXT NOT NULL, PRIMARY KEY (route, method, caller)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
];
const ADD: &str = "INSERT INTO usage (route, method, caller, calls, failed, first, last) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (route, method, caller) DO UPDATE SET \
                   calls = calls + excluded.calls, failed = failed + excluded.failed, \
                   first = min(first, excluded.first), last = max(last, excluded.last)";
const SHRINK: &str = "DELETE FROM usage WHERE (route, method, caller) IN (SELECT route, method, caller \
                      FROM usage ORDER BY calls, last LIMIT max(0, (SELECT count(*) FROM usage) - $1))";
const READ: &str = "SELECT route, method, caller, calls, failed, first, last FROM usage \
                    ORDER BY route, calls DESC, method, caller";

/// How often somebody has called a method of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The route: its dialect and where it is.
    pub route: String,
    /// The method, as the dialect names it.
    pub method: String,
    /// The caller, as far as the gateway knows.
    pub caller: String,
    /// How many calls.
    pub calls: u64,
    /// How many of them were answered with a status from 400 on.
    pub failed: u64,
    /// When the first was answered.
    pub first: Timestamp,
    /// When the last was answered.
    pub last: Timestamp,
}

/// The open file.
#[derive(Clone, Debug)]
pub struct UsageFile {
    pool: SqlitePool,
    key: [u8; 32],
}

impl UsageFile {
    /// Opens the file of a directory; makes both if they are not there. `fresh` is the key that a new
    /// file gets: fingerprints are made with it.
    pub async fn open(directory: &Path, fresh: [u8; 32]) -> Result<Self, Fault> {
        let path = directory.join(USAGE);
        std::fs::create_dir_all(directory).map_err(|error| access::refused(directory, error))?;
        make_private(&path)?;
        let pool = connect(&path).await?;
        for table in TABLES {
            sqlx::query(table).execute(&pool).await.map_err(fault)?;
        }
        let claim = "INSERT INTO meta (name, value) VALUES ('key', $1) ON CONFLICT DO NOTHING";
        sqlx::query(claim).bind(fresh.to_vec()).execute(&pool).await.map_err(fault)?;
        let key = sqlx::query_scalar::<_, Vec<u8>>("SELECT value FROM meta WHERE name = 'key'");
        let key = key.fetch_one(&pool).await.map_err(fault)?;
        let key = key.try_into().unwrap_or(fresh);
        Ok(Self { pool, key })
    }

    /// The rows of a directory's file, by route and number of calls; none if there is no file.
    pub async fn read(directory: &Path) -> Result<Vec<UsageRow>, Fault> {
        let path = directory.join(USAGE);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let pool = connect(&path).await?;
        let rows = sqlx::query(READ).fetch_all(&pool).await;
        pool.close().await;
        let number = |row: &sqlx::sqlite::SqliteRow, name: &str| {
            row.try_get::<i64, _>(name).map(i64::unsigned_abs).map_err(fault)
        };
        let time = |row: &sqlx::sqlite::SqliteRow, name: &str| {
            let text: String = row.try_get(name).map_err(fault)?;
            Ok(text.parse().unwrap_or(Timestamp::UNIX_EPOCH))
        };
        rows.map_err(fault)?
            .iter()
            .map(|row| {
                Ok(UsageRow {
                    route: row.try_get("route").map_err(fault)?,
                    method: row.try_get("method").map_err(fault)?,
                    caller: row.try_get("caller").map_err(fault)?,
                    calls: number(row, "calls")?,
                    failed: number(row, "failed")?,
                    first: time(row, "first")?,
                    last: time(row, "last")?,
                })
            })
            .collect()
    }

    /// The key of fingerprints, which all processes that use this file share.
    #[must_use]
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Adds to the counters, in one transaction.
    pub async fn add(&self, rows: &[UsageRow]) -> Result<(), Fault> {
        let mut write = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
        for row in rows {
            let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            sqlx::query(ADD)
                .bind(&row.route)
                .bind(&row.method)
                .bind(&row.caller)
                .bind(count(row.calls))
                .bind(count(row.failed))
                .bind(row.first.to_string())
                .bind(row.last.to_string())
                .execute(&mut *write)
                .await
                .map_err(fault)?;
        }
        sqlx::query(SHRINK).bind(MOST_ROWS).execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn connect(path: &Path) -> Result<SqlitePool, Fault> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(TIMEOUT)
        .disable_statement_logging();
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(method: &str, calls: u64, second: i64) -> UsageRow {
        let time = Timestamp::from_second(second).unwrap();
        UsageRow {
            route: "a at /a".to_owned(),
            method: method.to_owned(),
            caller: "ada".to_owned(),
            calls,
            failed: calls / 2,
            first: time,
            last: time,
        }
    }

    #[tokio::test]
    async fn two_processes_add_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(UsageFile::read(folder.path()).await.unwrap(), []);
        let one = UsageFile::open(folder.path(), [1; 32]).await.unwrap();
        let other = UsageFile::open(folder.path(), [2; 32]).await.unwrap();
        assert_eq!((one.key(), other.key()), (&[1; 32], &[1; 32]));
        one.add(&[row("get", 4, 10), row("set", 1, 11)]).await.unwrap();
        other.add(&[row("get", 3, 5)]).await.unwrap();
        let rows = UsageFile::read(folder.path()).await.unwrap();
        let first = Timestamp::from_second(5).unwrap();
        let sum = UsageRow { calls: 7, failed: 3, first, ..row("get", 7, 10) };
        assert_eq!(rows, [sum, row("set", 1, 11)]);
    }

    #[tokio::test]
    async fn the_file_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = UsageFile::open(folder.path(), [1; 32]).await.unwrap();
        let most = usize::try_from(MOST_ROWS).unwrap();
        let many: Vec<_> = (0..most).map(|number| row(&format!("m{number}"), 2, 1)).collect();
        file.add(&many).await.unwrap();
        file.add(&[row("often", 9, 1), row("seldom", 1, 1)]).await.unwrap();
        let rows = UsageFile::read(folder.path()).await.unwrap();
        assert_eq!(rows.len(), most);
        assert_eq!(rows[0].method, "often");
        assert!(rows.iter().all(|row| row.method != "seldom"));
    }
}
