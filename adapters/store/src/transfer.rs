//! Copies rows from one database to another: a sidecar of an earlier release into the state
//! database, or a whole state database to another engine.

use futures_util::TryStreamExt;
use isogloss_canonical::fault::Fault;
use sha2::{Digest, Sha256};

use crate::insert::{self, Target};
use crate::sql::{Builder, Connection, Row, Value, column};
use crate::tables::{Kind, Table};

/// How many rows one transaction inserts.
pub(crate) const IN_ONE: usize = 10_000;

/// The rows of the table `meta` that belong to one database, and are not copied.
const LOCAL: [&str; 3] = ["copying", "writable", "writer"];

/// The rows of a table, in the order of its key.
pub(crate) fn select(table: &'static Table) -> Builder {
    let mut select = Builder::new("SELECT ");
    list(&mut select, table.columns.iter().map(|(name, _)| *name));
    select.push(" FROM ").push(table.name);
    if table.name == "meta" {
        for (at, name) in LOCAL.into_iter().enumerate() {
            select.push(if at == 0 { " WHERE name <> " } else { " AND name <> " }).push_bind(name);
        }
    }
    select.push(" ORDER BY ");
    list(&mut select, table.key.iter().copied());
    select
}

/// Inserts rows. One that is there already is skipped. Answers how many were added.
pub(crate) async fn insert(
    table: &'static Table,
    rows: Vec<Vec<Value>>,
    to: &mut Connection,
) -> Result<u64, Fault> {
    let columns: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let target = Target { table: table.name, columns: &columns, end: "ON CONFLICT DO NOTHING" };
    insert::insert(to, target, rows.into_iter().flatten().collect()).await
}

/// The values of a row, to be bound again.
pub(crate) fn values(table: &'static Table, row: &Row) -> Result<Vec<Value>, Fault> {
    table.columns.iter().enumerate().map(|(at, (_, kind))| value(row, at, *kind)).collect()
}

fn value(row: &Row, at: usize, kind: Kind) -> Result<Value, Fault> {
    Ok(match kind {
        Kind::Text => Value::Text(column(row, at)?),
        Kind::Integer => Value::Integer(column(row, at)?),
        Kind::Boolean => Value::Boolean(column(row, at)?),
    })
}

fn list(query: &mut Builder, names: impl Iterator<Item = &'static str>) {
    for (at, name) in names.enumerate() {
        if at > 0 {
            query.push(", ");
        }
        query.push(name);
    }
}

/// The number of rows of a table, and a checksum of all their values.
pub(crate) async fn checksum(
    table: &'static Table,
    database: &mut Connection,
) -> Result<(u64, String), Fault> {
    let (mut count, mut sum) = (0, Sha256::new());
    let mut rows = select(table).build().fetch(database);
    while let Some(row) = rows.try_next().await? {
        count += 1;
        for value in values(table, &row)? {
            // The type and the length come first, so that no two rows give the same bytes.
            match value {
                Value::Text(Some(text)) => {
                    sum.update([b't']);
                    sum.update(u64::try_from(text.len()).unwrap_or_default().to_be_bytes());
                    sum.update(text.as_bytes());
                }
                Value::Integer(Some(number)) => {
                    sum.update([b'i']);
                    sum.update(number.to_be_bytes());
                }
                Value::Boolean(Some(truth)) => sum.update([b'b', u8::from(truth)]),
                Value::Text(None) | Value::Integer(None) | Value::Boolean(None) => {
                    sum.update([b'n']);
                }
            }
        }
    }
    Ok((count, hex::encode(sum.finalize())))
}
