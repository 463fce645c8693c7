//! `isogloss matrix`.

use std::collections::BTreeSet;

use anyhow::{anyhow, bail};
use serde_json::{Value, json};

use crate::cli::arguments::Matrix;
use crate::cli::print;
use crate::matrix::{self, Row};

/// Prints the matrix, or some of its rows, as a table, as JSON, or as a Markdown page.
pub(crate) fn run(wanted: &Matrix) -> anyhow::Result<()> {
    let rows = selected(matrix::rows().map_err(|why| anyhow!(why))?, wanted)?;
    if wanted.json {
        return print::json(&Value::Array(rows.iter().map(value).collect()));
    }
    if wanted.markdown {
        return print::line(matrix::markdown(&rows).trim_end());
    }
    let cells = |row: &Row| {
        let versions = row.versions.as_str();
        [row.dialect, row.backend, row.method, versions, row.level.as_str(), &row.note]
            .map(str::to_owned)
    };
    let rows = rows.iter().map(|row| cells(row).to_vec()).collect();
    print::table(&["DIALECT", "BACKEND", "METHOD", "VERSIONS", "SUPPORT", "NOTE"], rows)
}

/// The rows that are wanted. The error lists what there is.
fn selected(mut rows: Vec<Row>, wanted: &Matrix) -> anyhow::Result<Vec<Row>> {
    let of = |row: &Row| [row.dialect, row.backend, row.method];
    let filters =
        [("dialect", &wanted.dialect), ("backend", &wanted.backend), ("method", &wanted.method)];
    for (column, (what, wanted)) in filters.into_iter().enumerate() {
        let Some(wanted) = wanted else { continue };
        let known: BTreeSet<_> = rows.iter().map(|row| of(row)[column]).collect();
        rows.retain(|row| of(row)[column] == wanted);
        if rows.is_empty() {
            let known: Vec<_> = known.into_iter().collect();
            bail!("there is no {what} {wanted:?} here; known: {}", known.join(", "));
        }
    }
    Ok(rows)
}

fn value(row: &Row) -> Value {
    json!({
        "dialect": row.dialect,
        "backend": row.backend,
        "method": row.method,
        "versions": row.versions,
        "support": row.level.as_str(),
        "note": row.note,
    })
}
