//! A borrowed connection to the SQLite file whose statements run in the thread of the caller. It only
//! reads. Its rows are not copied, so that it is several times as fast as a connection of `sqlx`, which
//! hands each row from one thread to another.

use std::sync::{Arc, Mutex, PoisonError};

use isogloss_canonical::fault::Fault;
use rusqlite::{Connection, Statement};
use tokio::sync::OwnedSemaphorePermit;

use crate::faults::{closed, file_fault};
use crate::sql::row::{Kept, View};
use crate::sql::value::Value;

/// The connections that nobody has borrowed.
pub(crate) type Idle = Arc<Mutex<Vec<Connection>>>;

/// A borrowed connection. It is one read transaction: all that it reads is of one moment.
#[derive(Debug)]
pub(crate) struct Local {
    /// It is there until the value is dropped.
    connection: Option<Connection>,
    idle: Idle,
    _permit: OwnedSemaphorePermit,
}

impl Local {
    /// Borrows a connection, which goes to `idle` afterwards.
    pub(crate) fn new(
        connection: Connection,
        idle: Idle,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, Fault> {
        run(&connection, "BEGIN").map_err(file_fault)?;
        Ok(Self { connection: Some(connection), idle, _permit: permit })
    }

    /// Shows each row of a statement to a function.
    pub(super) fn each(
        &self,
        sql: &str,
        values: &[Value],
        mut see: impl FnMut(View<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = self.bound(sql, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(file_fault)? {
            see(View::Local(row))?;
        }
        Ok(())
    }

    /// Copies of the first rows of a statement.
    pub(super) fn kept(
        &self,
        sql: &str,
        values: &[Value],
        most: usize,
    ) -> Result<Vec<Kept>, Fault> {
        let mut statement = self.bound(sql, values)?;
        let names: Arc<[String]> =
            statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.raw_query();
        let mut kept = Vec::new();
        while kept.len() < most {
            let Some(row) = rows.next().map_err(file_fault)? else { break };
            kept.push(Kept::new(&names, row).map_err(file_fault)?);
        }
        Ok(kept)
    }

    /// A statement with its values, prepared once for all times.
    fn bound(&self, sql: &str, values: &[Value]) -> Result<rusqlite::CachedStatement<'_>, Fault> {
        let connection = self.connection.as_ref().ok_or_else(closed)?;
        // SQLite takes `$1` for a name, and `?1` for the first value.
        let sql = sql.replace('$', "?");
        let mut statement = connection.prepare_cached(&sql).map_err(file_fault)?;
        for (value, place) in values.iter().zip(1..) {
            bind(&mut statement, place, value).map_err(file_fault)?;
        }
        Ok(statement)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A connection whose transaction cannot be ended is closed.
        if run(&connection, "COMMIT").is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}

fn bind(statement: &mut Statement<'_>, place: usize, value: &Value) -> rusqlite::Result<()> {
    match value {
        Value::Text(text) => statement.raw_bind_parameter(place, text.as_deref()),
        Value::Integer(number) => statement.raw_bind_parameter(place, number),
        Value::Boolean(truth) => statement.raw_bind_parameter(place, truth),
    }
}
