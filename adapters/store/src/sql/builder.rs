//! A statement that is put together from parts.

use sqlx::AssertSqlSafe;

use crate::sql::query::{Query, query};
use crate::sql::value::Value;

/// The parts so far. Only constant texts are pushed; every value is a parameter.
#[derive(Debug)]
pub(crate) struct Builder {
    sql: String,
    values: Vec<Value>,
}

impl Builder {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// Adds a constant text.
    pub(crate) fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter with its value.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.sql.push('$');
        self.sql.push_str(&self.values.len().to_string());
        self
    }

    pub(crate) fn build(self) -> Query {
        let Self { sql, values } = self;
        values.into_iter().fold(query(AssertSqlSafe(sql)), Query::bind)
    }
}
