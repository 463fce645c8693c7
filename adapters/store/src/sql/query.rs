//! A statement with its values, and how it is executed.

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use isogloss_canonical::fault::Fault;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Executor, SqlSafeStr, SqlStr};
use tokio::task::yield_now;

use crate::faults::fault;
use crate::sql::connection::Connection;
use crate::sql::row::{Column, Row, View, column};
use crate::sql::value::Value;

/// After this many rows, a task yields to the other tasks of its thread.
const AT_A_STRETCH: usize = 64;

/// A statement with its values.
#[derive(Debug)]
pub(crate) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A statement. Its parameters are `$1`, `$2` and so on.
pub(crate) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

impl Query {
    /// Adds the value of the next parameter.
    #[must_use]
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds the values of the next parameters.
    #[must_use]
    pub(super) fn bind_all(mut self, values: Vec<Value>) -> Self {
        self.values.extend(values);
        self
    }

    /// Executes the statement. Answers how many rows it has changed.
    pub(crate) async fn execute(self, database: &mut Connection) -> Result<u64, Fault> {
        match database {
            Connection::Sqlite(lease) => {
                let (sql, values) = self.for_sqlite()?;
                let done = lease.open()?.execute(sqlx::query_with(sql, values)).await;
                done.map(|done| done.rows_affected()).map_err(fault)
            }
            Connection::Postgres(remote) => {
                let (sql, values) = self.for_postgres()?;
                remote.execute(sql, values).await
            }
            // It only reads: SQLite refuses a change.
            Connection::Local(local) => {
                local.kept(self.sql.as_str(), &self.values, usize::MAX).map(|_| 0)
            }
        }
    }

    /// Shows each row to a function, in their order. Of a connection that blocks, this copies no row;
    /// of another one, the task yields to the other tasks of its thread from time to time.
    pub(crate) async fn each(
        self,
        database: &mut Connection,
        mut see: impl FnMut(View<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if let Connection::Local(local) = database {
            return local.each(self.sql.as_str(), &self.values, see);
        }
        let mut rows = self.fetch(database);
        let mut count: usize = 0;
        while let Some(row) = rows.try_next().await? {
            see((&row).into())?;
            count += 1;
            if count.is_multiple_of(AT_A_STRETCH) {
                yield_now().await;
            }
        }
        Ok(())
    }

    /// The rows, as they come.
    pub(crate) fn fetch(self, database: &mut Connection) -> BoxStream<'_, Result<Row, Fault>> {
        let rows = match database {
            Connection::Sqlite(lease) => self.for_sqlite().and_then(|(sql, values)| {
                let rows = lease.open()?.fetch(sqlx::query_with(sql, values));
                Ok(rows.map_ok(Row::Sqlite).map_err(fault).boxed())
            }),
            Connection::Postgres(remote) => self.for_postgres().and_then(|(sql, values)| {
                Ok(remote.fetch(sql, values)?.map_ok(Row::Postgres).boxed())
            }),
            Connection::Local(local) => {
                let rows = local.kept(self.sql.as_str(), &self.values, usize::MAX);
                rows.map(|rows| stream::iter(rows).map(|row| Ok(Row::Kept(row))).boxed())
            }
        };
        rows.unwrap_or_else(|fault| stream::iter([Err(fault)]).boxed())
    }

    /// All rows.
    pub(crate) async fn fetch_all(self, database: &mut Connection) -> Result<Vec<Row>, Fault> {
        self.fetch(database).try_collect().await
    }

    /// The first row, if there is one.
    pub(crate) async fn fetch_optional(
        self,
        database: &mut Connection,
    ) -> Result<Option<Row>, Fault> {
        match database {
            Connection::Sqlite(lease) => {
                let (sql, values) = self.for_sqlite()?;
                let row = lease.open()?.fetch_optional(sqlx::query_with(sql, values)).await;
                row.map(|row| row.map(Row::Sqlite)).map_err(fault)
            }
            Connection::Postgres(remote) => {
                let (sql, values) = self.for_postgres()?;
                Ok(remote.fetch_optional(sql, values).await?.map(Row::Postgres))
            }
            Connection::Local(local) => {
                Ok(local.kept(self.sql.as_str(), &self.values, 1)?.pop().map(Row::Kept))
            }
        }
    }

    /// The only row. A statement that counts always has one.
    pub(crate) async fn fetch_one(self, database: &mut Connection) -> Result<Row, Fault> {
        let row = self.fetch_optional(database).await?;
        row.ok_or_else(|| fault(sqlx::Error::RowNotFound))
    }

    /// The first column of the first row, if there is one.
    pub(crate) async fn scalar<T: for<'r> Column<'r>>(
        self,
        database: &mut Connection,
    ) -> Result<Option<T>, Fault> {
        let row = self.fetch_optional(database).await?;
        row.map(|row| column(&row, 0)).transpose()
    }

    /// The first column of the only row.
    pub(crate) async fn only<T: for<'r> Column<'r>>(
        self,
        database: &mut Connection,
    ) -> Result<T, Fault> {
        column(&self.fetch_one(database).await?, 0)
    }

    fn for_sqlite(self) -> Result<(SqlStr, SqliteArguments), Fault> {
        let mut values = SqliteArguments::default();
        for value in self.values {
            value.add_sqlite(&mut values).map_err(encoding)?;
        }
        Ok((self.sql, values))
    }

    fn for_postgres(self) -> Result<(SqlStr, PgArguments), Fault> {
        let mut values = PgArguments::default();
        for value in self.values {
            value.add_postgres(&mut values).map_err(encoding)?;
        }
        Ok((self.sql, values))
    }
}

fn encoding(error: sqlx::error::BoxDynError) -> Fault {
    fault(sqlx::Error::Encode(error))
}
