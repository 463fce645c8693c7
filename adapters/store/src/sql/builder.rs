//! A statement that is put together from parts.

use sqlx::AssertSqlSafe;

use crate::sql::connection::Connection;
use crate::sql::query::{Query, query};
use crate::sql::value::Value;

/// The parts so far. Only constant texts are pushed; every value is a parameter.
#[derive(Debug)]
pub(crate) struct Builder {
    sql: String,
    values: Vec<Value>,
    /// Whether parameters are `$1`, `$2` and so on. If not, they are `?`.
    numbered: bool,
}

impl Builder {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new(), numbered: true }
    }

    /// A statement of many parameters. SQLite looks for a parameter with a name among all of them, so
    /// there they have none.
    pub(crate) fn with_many(database: &Connection, sql: &'static str) -> Self {
        Self { numbered: matches!(database, Connection::Postgres(_)), ..Self::new(sql) }
    }

    /// Adds a constant text.
    pub(crate) fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter with its value.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        if self.numbered {
            self.sql.push('$');
            self.sql.push_str(&self.values.len().to_string());
        } else {
            self.sql.push('?');
        }
        self
    }

    pub(crate) fn build(self) -> Query {
        let Self { sql, values, .. } = self;
        query(AssertSqlSafe(sql)).bind_all(values)
    }
}
