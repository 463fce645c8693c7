//! Inserts many rows with one statement.

use isogloss_canonical::fault::Fault;

use crate::sql::{Builder, Connection, Value};

/// The values of one statement. Both engines allow at least 32,766; SQLite is not faster with more.
const VALUES: usize = 4_000;

/// Where rows go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'t> {
    pub(crate) table: &'static str,
    pub(crate) columns: &'t [&'static str],
    /// The end of the statement, such as `ON CONFLICT DO NOTHING`.
    pub(crate) end: &'static str,
}

/// Inserts rows. `values` has those of the first row, then those of the second and so on. Answers how
/// many rows were added.
pub(crate) async fn insert(
    to: &mut Connection,
    target: Target<'_>,
    values: Vec<Value>,
) -> Result<u64, Fault> {
    let width = target.columns.len().max(1);
    let (mut added, mut values) = (0, values.into_iter().peekable());
    while values.peek().is_some() {
        let mut insert = Builder::with_many(to, "INSERT INTO ");
        insert.push(target.table);
        for (at, column) in target.columns.iter().enumerate() {
            insert.push(if at == 0 { " (" } else { ", " }).push(column);
        }
        insert.push(") VALUES ");
        for (at, value) in values.by_ref().take(VALUES / width * width).enumerate() {
            insert.push(match (at, at % width) {
                (0, _) => "(",
                (_, 0) => "), (",
                _ => ", ",
            });
            insert.push_bind(value);
        }
        insert.push(") ").push(target.end);
        added += insert.build().execute(to).await?;
    }
    Ok(added)
}
