//! The errors of the three databases, as PDO reports them and Kanboard shows them to the caller.

use std::fmt;

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
}

/// As Kanboard's own exception shows it.
impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQL Error[{}]: {}", self.state, self.message)
    }
}
