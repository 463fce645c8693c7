//! The database behind the server that a route's callers were written for. Callers notice it: in the
//! columns of a row, in what a loosely typed id means, in which names are equal, and in error texts.

pub(crate) mod error;
mod ids;

use isogloss_canonical::people::Order;
use isogloss_canonical::user::{Matching, UserRef, folded};
use isogloss_interop::php::numeric;
use isogloss_interop::php::value::Php;

use crate::database::error::SqlError;

/// A database that Kanboard can run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Database {
    /// SQLite, as installed.
    #[default]
    Sqlite,
    /// MariaDB or MySQL.
    Mysql,
    /// PostgreSQL.
    Postgres,
}

impl Database {
    const NAMES: [(&'static str, Self); 3] =
        [("sqlite", Self::Sqlite), ("mysql", Self::Mysql), ("postgres", Self::Postgres)];

    /// The database of this name, as the route's option has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(own, _)| *own == name).map(|(_, database)| *database)
    }

    /// A value as it is bound to a statement: text or null. On PostgreSQL a text ends at a NUL.
    pub(crate) fn bound(self, value: &Php) -> Option<String> {
        if *value == Php::Null {
            return None;
        }
        let text = value.to_text();
        match (self, text.find('\0')) {
            (Self::Postgres, Some(end)) => Some(text[..end].to_owned()),
            (Self::Postgres, None) | (Self::Sqlite | Self::Mysql, _) => Some(text),
        }
    }

    /// The id that a value means when it is compared with an integer column; `None` matches no row.
    /// `parameter` is its number in Kanboard's statement, which PostgreSQL's errors name.
    pub(crate) fn id(self, value: &Php, parameter: u8) -> Result<Option<i64>, SqlError> {
        let Some(text) = self.bound(value) else { return Ok(None) };
        match self {
            Self::Sqlite => Ok(ids::sqlite(&text)),
            Self::Mysql => Ok(ids::mysql(&text)),
            Self::Postgres => ids::postgres(&text, parameter).map(Some),
        }
    }

    /// The id that a value becomes when it is stored in an integer column of a membership.
    pub(crate) fn stored_id(
        self,
        value: &Php,
        column: &str,
        parameter: u8,
    ) -> Result<Option<i64>, SqlError> {
        let text = value.to_text();
        // MariaDB compares loosely but stores strictly:
        // fixtures/transcripts/kanboard/variants/mysql/group-members.json.
        if self == Self::Mysql && *value != Php::Null && numeric::value(&text).is_none() {
            let says = format!(
                "1366 Incorrect integer value: '{text}' for column \
                 `kanboard`.`group_has_users`.`{column}` at row 1"
            );
            return Err(SqlError::new("22007", "Invalid datetime format", says));
        }
        self.id(value, parameter)
    }

    /// How a user is found by a name that a caller wrote.
    pub(crate) fn user_named(self, name: String) -> UserRef {
        match self {
            Self::Mysql => UserRef::FoldedName(name),
            Self::Sqlite | Self::Postgres => UserRef::Name(name),
        }
    }

    /// Which names are equal.
    pub(crate) const fn matching(self) -> Matching {
        match self {
            Self::Mysql => Matching::Folded,
            Self::Sqlite | Self::Postgres => Matching::Exact,
        }
    }

    /// The order of users by name.
    pub(crate) const fn order(self) -> Order {
        match self {
            Self::Mysql => Order::FoldedName,
            Self::Sqlite | Self::Postgres => Order::Name,
        }
    }

    /// The key by which rows are sorted by name.
    pub(crate) fn sort_key(self, name: &str) -> String {
        match self {
            Self::Mysql => folded(name),
            Self::Sqlite | Self::Postgres => name.to_owned(),
        }
    }

    /// The error of an update that sets no column, which is not valid SQL:
    /// `fixtures/transcripts/kanboard/variants/mysql/update-user-invalid.json`.
    pub(crate) fn nothing_to_set(self, table: &str, id: &Php) -> SqlError {
        match self {
            Self::Sqlite => SqlError::general("1 near \"WHERE\": syntax error"),
            Self::Mysql => {
                let id = self.bound(id).map_or("NULL".to_owned(), |id| format!("'{id}'"));
                let says = format!(
                    "1064 You have an error in your SQL syntax; check the manual that corresponds \
                     to your MariaDB server version for the right syntax to use near 'WHERE `id` = \
                     {id}' at line 1"
                );
                SqlError::new("42000", "Syntax error or access violation", says)
            }
            Self::Postgres => {
                let line = format!("LINE 1: UPDATE \"{table}\" SET   WHERE ");
                let mark = " ".repeat(line.len() - "WHERE ".len());
                let says = format!(
                    "7 ERROR:  syntax error at or near \"WHERE\"\n{line}\"id\" = $1\n{mark}^"
                );
                SqlError::new("42601", "Syntax error", says)
            }
        }
    }

    /// Checks that a text is no longer than its column. SQLite's columns have no limit.
    pub(crate) fn fits(
        self,
        column: &str,
        text: Option<&str>,
        limit: usize,
    ) -> Result<(), SqlError> {
        if text.is_none_or(|text| text.chars().count() <= limit) {
            return Ok(());
        }
        let says = match self {
            Self::Sqlite => return Ok(()),
            Self::Mysql => format!("1406 Data too long for column '{column}' at row 1"),
            Self::Postgres => {
                format!("7 ERROR:  value too long for type character varying({limit})")
            }
        };
        Err(SqlError::new("22001", "String data, right truncated", says))
    }

    /// The error of a null in a column that takes none. `Ok` where Kanboard answers `false` instead:
    /// only PostgreSQL's error reaches the caller.
    pub(crate) fn not_null(self, table: &str, column: &str) -> Result<(), SqlError> {
        match self {
            Self::Sqlite | Self::Mysql => Ok(()),
            Self::Postgres => Err(null_in(table, column, "")),
        }
    }

    /// The error of a membership whose group or user is null.
    pub(crate) fn not_null_member(
        self,
        group: Option<i64>,
        user: Option<i64>,
    ) -> Result<(), SqlError> {
        let column = if group.is_none() { "group_id" } else { "user_id" };
        let shown = |id: Option<i64>| id.map_or("null".to_owned(), |id| id.to_string());
        let (group, user) = (shown(group), shown(user));
        match self {
            Self::Sqlite | Self::Mysql => Ok(()),
            Self::Postgres => {
                let detail = format!("\nDETAIL:  Failing row contains ({group}, {user}).");
                Err(null_in("group_has_users", column, &detail))
            }
        }
    }
}

fn null_in(table: &str, column: &str, detail: &str) -> SqlError {
    let says = format!(
        "7 ERROR:  null value in column \"{column}\" of relation \"{table}\" violates not-null \
         constraint{detail}"
    );
    SqlError::new("23502", "Not null violation", says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(database: Database) -> Vec<Option<i64>> {
        let texts =
            ["1", "01", " 1 ", "1.0", "1e0", "+1", "1.5", "1abc", "abc", "0x1", "", "1e20", "-1"];
        texts.iter().map(|text| database.id(&Php::from(*text), 1).unwrap_or(Some(-99))).collect()
    }

    #[test]
    fn ids_are_as_loose_as_the_database() {
        let one = Some(1);
        assert_eq!(
            ids(Database::Sqlite),
            [one, one, one, one, one, one, None, None, None, None, None, None, Some(-1)]
        );
        let zero = Some(0);
        assert_eq!(
            ids(Database::Mysql),
            [one, one, one, one, one, one, None, one, zero, zero, zero, None, Some(-1)]
        );
        let error = Some(-99);
        assert_eq!(
            ids(Database::Postgres),
            [one, one, one, error, error, one, error, error, error, error, error, error, Some(-1)]
        );
        assert_eq!(Database::Sqlite.id(&Php::Bool(true), 1), Ok(one));
        assert_eq!(Database::Postgres.id(&Php::Null, 1), Ok(None));
    }

    #[test]
    fn postgres_names_the_parameter() {
        let error = Database::Postgres.id(&Php::from("abc"), 2).unwrap_err();
        assert_eq!(
            error.message,
            "SQLSTATE[22P02]: Invalid text representation: 7 ERROR:  invalid \
             input syntax for type integer: \"abc\"\nCONTEXT:  unnamed portal parameter $2 = '...'"
        );
        let context = |value| {
            let error = Database::Postgres.id(&value, 1).unwrap_err();
            error.message.lines().last().map(str::to_owned)
        };
        let empty = Some("CONTEXT:  unnamed portal parameter $1 = ''".to_owned());
        assert_eq!(context(Php::from("")), empty);
        let shown = Some("CONTEXT:  unnamed portal parameter $1 = '...'".to_owned());
        assert_eq!(context(Php::Array(Vec::new())), shown);
    }
}
