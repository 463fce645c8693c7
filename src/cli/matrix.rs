//! `isogloss matrix`.

use anyhow::anyhow;
use serde_json::{Value, json};

use crate::cli::print;
use crate::matrix::{self, Row};

/// Prints the matrix as a table, as JSON, or as a Markdown page.
pub(crate) fn run(as_json: bool, as_markdown: bool) -> anyhow::Result<()> {
    let rows = matrix::rows().map_err(|why| anyhow!(why))?;
    if as_json {
        return print::json(&Value::Array(rows.iter().map(value).collect()));
    }
    if as_markdown {
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
