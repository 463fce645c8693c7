//! A borrowed connection to a PostgreSQL server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Error, Executor, Postgres, Row as _, SqlStr};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::faults::{closed, fault};
use crate::sql::servers::Servers;
use crate::sql::ticks;

/// How much longer than a lock a statement can take. A server that is still silent then has gone: a
/// network that loses packets reports no error.
const LONGER: Duration = Duration::from_secs(3);
/// How long a rollback can take.
const ROLLBACK: Duration = Duration::from_secs(1);

/// The row that a write locks first. It does what SQLite's write lock does: what a transaction has
/// checked still holds at its commit. It has the tick of the last id.
const BEGIN: &str = "BEGIN; SELECT value FROM meta WHERE name = 'writer' FOR UPDATE";

const SILENT: &str = "the database server does not answer";

/// The rows of a statement, as they come.
type Rows<'r> = BoxStream<'r, Result<PgRow, Error>>;

/// A borrowed connection. A connection that failed does not return to its pool.
#[derive(Debug)]
pub(crate) struct Remote {
    /// It is there until the value is dropped.
    connection: Option<PoolConnection<Postgres>>,
    servers: Arc<Servers>,
    failed: bool,
    in_transaction: bool,
    /// How long a row can take.
    row: Duration,
    /// The tick of the last id of the database.
    tick: u64,
    /// Whether the transaction has drawn an id.
    drawn: bool,
    /// The runtime to which the connection is given back. A request that is dropped at the end of the
    /// process is dropped outside of it.
    runtime: Handle,
}

impl Remote {
    /// A connection of which a row takes `row` at most. `None`: as long as any statement.
    pub(crate) fn new(
        connection: PoolConnection<Postgres>,
        servers: Arc<Servers>,
        row: Option<Duration>,
    ) -> Self {
        let row = row.unwrap_or(servers.patience + LONGER);
        Self {
            connection: Some(connection),
            servers,
            failed: false,
            in_transaction: false,
            row,
            tick: 0,
            drawn: false,
            runtime: Handle::current(),
        }
    }

    /// Begins a transaction, and locks the row of the writers. If the value is dropped before
    /// [`Remote::commit`], the transaction is rolled back.
    pub(crate) async fn begin(&mut self) -> Result<(), Fault> {
        // A transaction that was begun by a statement whose answer is lost is rolled back too.
        self.in_transaction = true;
        let (limit, connection) = (self.limit(), self.open()?);
        let rows = timeout(limit, connection.fetch_all(sqlx::raw_sql(BEGIN))).await;
        let rows = self.noted(rows)?;
        let last = rows.last().map(|row| row.try_get::<String, _>(0)).transpose().map_err(fault)?;
        // The row is empty until the first id.
        self.tick = last.and_then(|last| last.parse().ok()).unwrap_or_default();
        self.drawn = false;
        Ok(())
    }

    /// A new id, which sorts after every earlier one of the database. The commit stores its tick.
    pub(super) fn fresh_id(&mut self) -> Uuid {
        self.tick = ticks::after(self.tick);
        self.drawn = true;
        ticks::id(self.tick)
    }

    /// Commits the transaction.
    pub(crate) async fn commit(&mut self) -> Result<(), Fault> {
        let sql = if self.drawn {
            format!("UPDATE meta SET value = '{}' WHERE name = 'writer'; COMMIT", self.tick)
        } else {
            "COMMIT".to_owned()
        };
        let (limit, connection) = (self.limit(), self.open()?);
        let done = timeout(limit, connection.execute(sqlx::raw_sql(AssertSqlSafe(sql)))).await;
        self.noted(done)?;
        self.in_transaction = false;
        Ok(())
    }

    pub(super) async fn execute(&mut self, sql: SqlStr, values: PgArguments) -> Result<u64, Fault> {
        let (limit, connection) = (self.limit(), self.open()?);
        let done = timeout(limit, connection.execute(sqlx::query_with(sql, values))).await;
        self.noted(done).map(|done| done.rows_affected())
    }

    pub(super) async fn fetch_optional(
        &mut self,
        sql: SqlStr,
        values: PgArguments,
    ) -> Result<Option<PgRow>, Fault> {
        let (limit, connection) = (self.limit(), self.open()?);
        let row = timeout(limit, connection.fetch_optional(sqlx::query_with(sql, values))).await;
        self.noted(row)
    }

    /// The rows, as they come.
    pub(super) fn fetch(
        &mut self,
        sql: SqlStr,
        values: PgArguments,
    ) -> Result<BoxStream<'_, Result<PgRow, Fault>>, Fault> {
        let Self { connection, servers, failed, row, .. } = self;
        let connection: &mut PgConnection = connection.as_mut().ok_or_else(closed)?;
        let rows = connection.fetch(sqlx::query_with(sql, values));
        let rows = Watched { rows, servers, failed, limit: *row };
        Ok(stream::unfold(rows, Watched::next).boxed())
    }

    fn open(&mut self) -> Result<&mut PgConnection, Fault> {
        self.connection.as_deref_mut().ok_or_else(closed)
    }

    fn limit(&self) -> Duration {
        self.servers.patience + LONGER
    }

    /// The fault for an error or a silence. Both can mean that the connection is of no use.
    fn noted<T, E>(&mut self, done: Result<Result<T, Error>, E>) -> Result<T, Fault> {
        match done {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                self.failed |= self.servers.note(&error);
                Err(fault(error))
            }
            Err(_) => {
                self.failed = true;
                self.servers.suspect();
                Err(Fault::new(FaultKind::Timeout, SILENT))
            }
        }
    }
}

/// Rows whose errors are noted.
struct Watched<'r> {
    rows: Rows<'r>,
    servers: &'r Servers,
    failed: &'r mut bool,
    limit: Duration,
}

impl Watched<'_> {
    async fn next(mut self) -> Option<(Result<PgRow, Fault>, Self)> {
        let row = tokio::select! {
            biased;
            row = self.rows.next() => Some(row),
            () = sleep(self.limit) => None,
            () = self.servers.failed() => None,
        };
        let row = if let Some(row) = row {
            row?.map_err(|error| {
                *self.failed |= self.servers.note(&error);
                fault(error)
            })
        } else {
            *self.failed = true;
            self.servers.suspect();
            self.rows = stream::empty().boxed();
            Err(Fault::new(FaultKind::Timeout, SILENT))
        };
        Some((row, self))
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let _context = self.runtime.enter();
        if self.failed {
            connection.close_on_drop();
        } else if self.in_transaction {
            self.runtime.spawn(async move {
                let done = timeout(ROLLBACK, connection.execute("ROLLBACK")).await;
                if !matches!(done, Ok(Ok(_))) {
                    connection.close_on_drop();
                }
            });
        }
    }
}
