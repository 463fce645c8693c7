//! A row of any connection, and the types of its columns.

use std::sync::Arc;

use isogloss_canonical::fault::Fault;
use rusqlite::types::{FromSqlError, FromSqlResult, Value, ValueRef};
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
    Kept(Kept),
}

/// A row that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'r> {
    Sqlite(&'r SqliteRow),
    Postgres(&'r PgRow),
    Kept(&'r Kept),
    /// The present row of a statement that runs in this thread.
    Local(&'r rusqlite::Row<'r>),
}

impl<'r> From<&'r Row> for View<'r> {
    fn from(row: &'r Row) -> Self {
        match row {
            Row::Sqlite(row) => Self::Sqlite(row),
            Row::Postgres(row) => Self::Postgres(row),
            Row::Kept(row) => Self::Kept(row),
        }
    }
}

/// A copy of a row of [`View::Local`].
#[derive(Debug)]
pub(crate) struct Kept {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Kept {
    pub(super) fn new(names: &Arc<[String]>, row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let values = (0..names.len()).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
        Ok(Self { names: Arc::clone(names), values })
    }

    fn value(&self, place: Option<usize>) -> Result<ValueRef<'_>, sqlx::Error> {
        let value = place.and_then(|place| self.values.get(place));
        value.map(ValueRef::from).ok_or_else(|| sqlx::Error::ColumnNotFound(String::new()))
    }
}

/// The name or the position of a column. A position is found faster.
pub(crate) trait Index:
    ColumnIndex<SqliteRow> + ColumnIndex<PgRow> + rusqlite::RowIndex
{
    /// The position among columns with these names.
    fn place(&self, names: &[String]) -> Option<usize>;
}

impl Index for usize {
    fn place(&self, _: &[String]) -> Option<usize> {
        Some(*self)
    }
}

impl Index for &str {
    fn place(&self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }
}

/// A type that a column can be read as.
pub(crate) trait Column<'r>: Sized {
    /// Reads the column with this name or position.
    fn read(row: View<'r>, index: impl Index) -> Result<Self, sqlx::Error>;
}

/// A column of a row, by name or position.
pub(crate) fn column<'r, T: Column<'r>>(
    row: impl Into<View<'r>>,
    index: impl Index,
) -> Result<T, Fault> {
    T::read(row.into(), index).map_err(fault)
}

/// Types that both engines store alike. A borrowed text is for columns without control characters,
/// such as ids, words and JSON: it is not unescaped.
macro_rules! plain {
    ($($type:ty),*) => {$(
        impl<'r> Column<'r> for $type {
            fn read(row: View<'r>, index: impl Index) -> Result<Self, sqlx::Error> {
                match row {
                    View::Sqlite(row) => row.try_get(index),
                    View::Postgres(row) => row.try_get(index),
                    View::Local(row) => local(row.get_ref(index)),
                    View::Kept(row) => local(Ok(row.value(index.place(&row.names))?)),
                }
            }
        }
    )*};
}

plain!(i64, Option<i64>, bool, Option<bool>, &'r str, Option<&'r str>);

impl<'r> Column<'r> for Option<String> {
    fn read(row: View<'r>, index: impl Index) -> Result<Self, sqlx::Error> {
        let text = <Option<&str>>::read(row, index)?;
        Ok(text.map(|text| owned(row, text)))
    }
}

impl<'r> Column<'r> for String {
    fn read(row: View<'r>, index: impl Index) -> Result<Self, sqlx::Error> {
        <&str>::read(row, index).map(|text| owned(row, text))
    }
}

/// A copy of a stored text.
fn owned(row: View<'_>, text: &str) -> String {
    match row {
        View::Postgres(_) => unescaped(text),
        View::Sqlite(_) | View::Local(_) | View::Kept(_) => text.to_owned(),
    }
}

/// A value of SQLite.
fn local<'r, T: Cell<'r>>(value: rusqlite::Result<ValueRef<'r>>) -> Result<T, sqlx::Error> {
    let value = value.map_err(|error| sqlx::Error::Decode(error.into()))?;
    T::of(value).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A type that a value of SQLite can be read as.
trait Cell<'r>: Sized {
    fn of(value: ValueRef<'r>) -> FromSqlResult<Self>;
}

impl Cell<'_> for i64 {
    fn of(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64()
    }
}

impl Cell<'_> for bool {
    fn of(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|number| number != 0)
    }
}

impl<'r> Cell<'r> for &'r str {
    fn of(value: ValueRef<'r>) -> FromSqlResult<Self> {
        value.as_str()
    }
}

impl<'r, T: Cell<'r>> Cell<'r> for Option<T> {
    fn of(value: ValueRef<'r>) -> Result<Self, FromSqlError> {
        if value == ValueRef::Null { Ok(None) } else { T::of(value).map(Some) }
    }
}
