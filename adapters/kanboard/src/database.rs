//! The database that the real server would keep its rows in. It shows: in the columns of a row, in
//! what a loosely typed id means, in which names are the same, and in the sentences of its errors.

use isogloss_canonical::user::{Matching, UserRef};

use crate::php::{Php, numeric, numeric_prefix};

/// Which one it is.
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

/// The sentence of an error of the database, as Kanboard shows it.
pub(crate) type Sentence = String;

impl Database {
    /// The values that the option takes.
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("sqlite", Self::Sqlite), ("mysql", Self::Mysql), ("postgres", Self::Postgres)];

    /// Reads the option.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(own, _)| *own == word).map(|(_, database)| *database)
    }

    /// A value as it is bound to a statement: text or null. PostgreSQL's end at a NUL.
    pub(crate) fn bound(self, value: &Php) -> Option<String> {
        if *value == Php::Null {
            return None;
        }
        let text = value.to_text();
        match (self, text.find('\0')) {
            (Self::Postgres, Some(end)) => Some(text[..end].to_owned()),
            _ => Some(text),
        }
    }

    /// The id that a value means when an integer column is compared with it; `None` matches no
    /// row. `place` is that of the parameter in the statement, which PostgreSQL mentions.
    pub(crate) fn id(self, value: &Php, place: u8) -> Result<Option<i64>, Sentence> {
        let Some(text) = self.bound(value) else { return Ok(None) };
        match self {
            Self::Sqlite => Ok(integer(&text).or_else(|| numeric(&text).and_then(whole))),
            Self::Mysql => Ok(leading(&text)),
            Self::Postgres => strict(&text).map(Some).map_err(|flaw| {
                format!("SQL Error[{}]: {}", flaw.code(), flaw.sentence(&text, place))
            }),
        }
    }

    /// The id that a value becomes when it is stored in an integer column.
    pub(crate) fn stored_id(
        self,
        value: &Php,
        column: &str,
        place: u8,
    ) -> Result<Option<i64>, Sentence> {
        let text = value.to_text();
        // MariaDB compares loosely but stores strictly: variants/mysql/group-members.json.
        if self == Self::Mysql && *value != Php::Null && numeric(&text).is_none() {
            return Err(format!(
                "SQL Error[22007]: SQLSTATE[22007]: Invalid datetime format: 1366 Incorrect \
                 integer value: '{text}' for column `kanboard`.`group_has_users`.`{column}` at row 1"
            ));
        }
        self.id(value, place)
    }

    /// How a person is found by a name that a caller wrote.
    pub(crate) fn named(self, name: String) -> UserRef {
        match self {
            Self::Mysql => UserRef::FoldedName(name),
            Self::Sqlite | Self::Postgres => UserRef::Name(name),
        }
    }

    /// Which names are the same.
    pub(crate) const fn matching(self) -> Matching {
        match self {
            Self::Mysql => Matching::Folded,
            Self::Sqlite | Self::Postgres => Matching::Exact,
        }
    }

    /// The key that rows are sorted by when they are sorted by a name.
    pub(crate) fn sort_key(self, name: &str) -> String {
        match self {
            Self::Mysql => isogloss_canonical::user::folded(name),
            Self::Sqlite | Self::Postgres => name.to_owned(),
        }
    }

    /// An update that sets nothing is not SQL: scenario update-user-invalid.
    pub(crate) fn nothing_to_set(self, table: &str, id: &Php) -> Sentence {
        match self {
            Self::Sqlite => "SQL Error[HY000]: SQLSTATE[HY000]: General error: 1 near \"WHERE\": \
                             syntax error"
                .to_owned(),
            Self::Mysql => {
                let id = self.bound(id).map_or("NULL".to_owned(), |id| format!("'{id}'"));
                format!(
                    "SQL Error[42000]: SQLSTATE[42000]: Syntax error or access violation: 1064 You \
                     have an error in your SQL syntax; check the manual that corresponds to your \
                     MariaDB server version for the right syntax to use near 'WHERE `id` = {id}' \
                     at line 1"
                )
            }
            Self::Postgres => {
                let line = format!("LINE 1: UPDATE \"{table}\" SET   WHERE ");
                let mark = " ".repeat(line.len() - "WHERE ".len());
                format!(
                    "SQL Error[42601]: SQLSTATE[42601]: Syntax error: 7 ERROR:  syntax error at or \
                     near \"WHERE\"\n{line}\"id\" = $1\n{mark}^"
                )
            }
        }
    }

    /// Refuses a text that is longer than its column.
    pub(crate) fn fits(
        self,
        column: &str,
        text: Option<&str>,
        most: usize,
    ) -> Result<(), Sentence> {
        if text.is_none_or(|text| text.chars().count() <= most) {
            return Ok(());
        }
        let why = match self {
            Self::Sqlite => return Ok(()),
            Self::Mysql => format!("1406 Data too long for column '{column}' at row 1"),
            Self::Postgres => {
                format!("7 ERROR:  value too long for type character varying({most})")
            }
        };
        Err(format!("SQL Error[22001]: SQLSTATE[22001]: String data, right truncated: {why}"))
    }

    /// A null where the column takes none: a plain refusal, but for PostgreSQL.
    pub(crate) fn missing(self, table: &str, column: &str) -> Result<(), Sentence> {
        if self != Self::Postgres {
            return Ok(());
        }
        Err(format!(
            "SQL Error[23502]: SQLSTATE[23502]: Not null violation: 7 ERROR:  null value in column \
             \"{column}\" of relation \"{table}\" violates not-null constraint"
        ))
    }

    /// A membership of nobody, or in nothing.
    pub(crate) fn missing_member(self, ids: [Option<i64>; 2]) -> Result<(), Sentence> {
        let [group, user] = ids.map(|id| id.map_or("null".to_owned(), |id| id.to_string()));
        let column = if ids[0].is_none() { "group_id" } else { "user_id" };
        let shown =
            |sentence| format!("{sentence}\nDETAIL:  Failing row contains ({group}, {user}).");
        self.missing("group_has_users", column).map_err(shown)
    }
}

/// An integer as such: a float would not tell large ones apart.
fn integer(text: &str) -> Option<i64> {
    text.trim_matches(' ').parse().ok()
}

/// A number without a fraction, within 64 bits.
#[allow(clippy::cast_possible_truncation, reason = "just checked")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e18).then_some(number as i64)
}

/// `1abc` means 1, `abc` means 0: variants/mysql/get-user.json.
fn leading(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(|c: char| c == ' ' || ('\t'..='\r').contains(&c));
    let prefix = numeric_prefix(text);
    if prefix.is_empty() {
        return Some(0);
    }
    integer(prefix).or_else(|| prefix.parse().ok().and_then(whole))
}

/// Why PostgreSQL takes a text for no integer.
enum NotInteger {
    Malformed,
    OutOfRange,
}

impl NotInteger {
    const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "22P02",
            Self::OutOfRange => "22003",
        }
    }

    fn sentence(&self, text: &str, place: u8) -> Sentence {
        let why = match self {
            Self::Malformed => {
                format!(
                    "SQLSTATE[22P02]: Invalid text representation: 7 ERROR:  invalid input syntax \
                     for type integer: \"{text}\""
                )
            }
            Self::OutOfRange => {
                format!(
                    "SQLSTATE[22003]: Numeric value out of range: 7 ERROR:  value \"{text}\" is \
                     out of range for type integer"
                )
            }
        };
        let shown = if text.is_empty() { "" } else { "..." };
        format!("{why}\nCONTEXT:  unnamed portal parameter ${place} = '{shown}'")
    }
}

fn strict(text: &str) -> Result<i64, NotInteger> {
    let bare = text.trim_matches(|c: char| c == ' ' || ('\t'..='\r').contains(&c));
    let digits = bare.strip_prefix(['+', '-']).unwrap_or(bare);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotInteger::Malformed);
    }
    bare.parse::<i32>().map(i64::from).map_err(|_| NotInteger::OutOfRange)
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
        let nought = Some(0);
        assert_eq!(
            ids(Database::Mysql),
            [one, one, one, one, one, one, None, one, nought, nought, nought, None, Some(-1)]
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
    fn postgres_says_where_it_stumbled() {
        let refused = Database::Postgres.id(&Php::from("abc"), 2).unwrap_err();
        assert_eq!(
            refused,
            "SQL Error[22P02]: SQLSTATE[22P02]: Invalid text representation: 7 ERROR:  invalid \
             input syntax for type integer: \"abc\"\nCONTEXT:  unnamed portal parameter $2 = '...'"
        );
        let context = |value| {
            let refused = Database::Postgres.id(&value, 1).unwrap_err();
            refused.lines().last().map(str::to_owned)
        };
        let empty = Some("CONTEXT:  unnamed portal parameter $1 = ''".to_owned());
        assert_eq!(context(Php::from("")), empty);
        let shown = Some("CONTEXT:  unnamed portal parameter $1 = '...'".to_owned());
        assert_eq!(context(Php::Array(Vec::new())), shown);
    }
}
