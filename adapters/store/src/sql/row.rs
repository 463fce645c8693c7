//! A row of either engine, and the types of its columns.

use isogloss_canonical::fault::Fault;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Row as _};

use crate::faults::fault;
use crate::sql::text::unescaped;

/// A row.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that a column can be read as.
pub(crate) trait Column<'r>: Sized {
    /// Reads the column with this name or position.
    fn read<I>(row: &'r Row, index: I) -> Result<Self, sqlx::Error>
    where
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>;
}

/// A column of a row, by name or position.
pub(crate) fn column<'r, T: Column<'r>>(
    row: &'r Row,
    index: impl ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
) -> Result<T, Fault> {
    T::read(row, index).map_err(fault)
}

/// Types that both engines store alike. A borrowed text is for columns without control characters,
/// such as ids, words and JSON: it is not unescaped.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl<'r> Column<'r> for $type {
            fn read<I>(row: &'r Row, index: I) -> Result<Self, sqlx::Error>
            where
                I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
            {
                match row {
                    Row::Sqlite(row) => row.try_get(index),
                    Row::Postgres(row) => row.try_get(index),
                }
            }
        }
    )*};
}

plain!(i64, Option<i64>, bool, Option<bool>, &'r str, Option<&'r str>);

impl<'r> Column<'r> for Option<String> {
    fn read<I>(row: &'r Row, index: I) -> Result<Self, sqlx::Error>
    where
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match row {
            Row::Sqlite(row) => row.try_get(index),
            Row::Postgres(row) => Ok(row.try_get::<Option<&str>, _>(index)?.map(unescaped)),
        }
    }
}

impl<'r> Column<'r> for String {
    fn read<I>(row: &'r Row, index: I) -> Result<Self, sqlx::Error>
    where
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match row {
            Row::Sqlite(row) => row.try_get(index),
            Row::Postgres(row) => row.try_get::<&str, _>(index).map(unescaped),
        }
    }
}
