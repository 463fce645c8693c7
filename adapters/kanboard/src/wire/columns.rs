//! How a row shows integers and flags: that depends on the version and the database.

use isogloss_interop::php::value::Php;

use crate::database::Database;
use crate::options::Options;
use crate::options::version::Integers;

/// An integer column. The driver of PostgreSQL has always given numbers.
pub(crate) fn number(options: &Options, number: i64) -> Php {
    match (options.integers, options.database) {
        (Integers::Texts, Database::Sqlite | Database::Mysql) => Php::Text(number.to_string()),
        (Integers::Numbers, _) | (Integers::Texts, Database::Postgres) => Php::Int(number),
    }
}

/// The id column of a row that was found by an id.
pub(crate) fn found_id(options: &Options, asked: &Php, id: i64) -> Php {
    let asked = asked.to_text();
    let echoes = options.database == Database::Sqlite
        && options.differences().echoes_ids
        && is_echoed(&asked);
    if echoes { Php::Text(asked) } else { number(options, id) }
}

/// Whether SQLite before 3.15 gives a text back as the id that it found: digits, with a sign and
/// blanks before them at most.
fn is_echoed(text: &str) -> bool {
    let digits = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the version has a column.
pub(crate) fn exists(options: &Options, column: &str) -> bool {
    !options.differences().later_columns.contains(&column)
}

/// A flag: a boolean on PostgreSQL, otherwise the integer 0 or 1.
pub(crate) fn flag(options: &Options, on: bool) -> Php {
    match options.database {
        Database::Postgres => Php::Bool(on),
        Database::Sqlite | Database::Mysql => number(options, i64::from(on)),
    }
}
