//! The errors of the three databases, as PDO reports them and Kanboard shows them to the caller.

use std::fmt;

use crate::options::version::Wording;

/// An error of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlError {
    /// The SQLSTATE.
    pub(crate) state: &'static str,
    /// The exception's message: the SQLSTATE, its meaning, and what the database says.
    pub(crate) message: String,
}

impl SqlError {
    /// `meaning` is PDO's text for the SQLSTATE; `says` is the database's own text.
    pub(crate) fn new(state: &'static str, meaning: &str, says: impl fmt::Display) -> Self {
        Self { state, message: format!("SQLSTATE[{state}]: {meaning}: {says}") }
    }

    /// A general error.
    pub(crate) fn general(says: &str) -> Self {
        Self::new("HY000", "General error", says)
    }

    /// The message of Kanboard's own exception.
    pub(crate) fn in_exception(&self, wording: Wording) -> String {
        if wording.names_sql_state {
            format!("SQL Error[{}]: {}", self.state, self.message)
        } else {
            format!("SQL Error: {}", self.message)
        }
    }
}
