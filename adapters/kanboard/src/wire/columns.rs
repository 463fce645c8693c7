//! How a row shows integers and flags: that depends on the version and the database.

use isogloss_interop::php::value::Php;

use crate::database::Database;
use crate::options::Options;
use crate::options::version::Integers;

/// An integer column.
pub(crate) fn number(options: &Options, number: i64) -> Php {
    match options.version.differences().integers {
        Integers::Numbers => Php::Int(number),
        Integers::Texts => Php::Text(number.to_string()),
    }
}

/// A flag: a boolean on PostgreSQL, otherwise the integer 0 or 1.
pub(crate) fn flag(options: &Options, on: bool) -> Php {
    match options.database {
        Database::Postgres => Php::Bool(on),
        Database::Sqlite | Database::Mysql => number(options, i64::from(on)),
    }
}
