//! `isogloss usage`.

use isogloss_store::usage::{UsageFile, UsageRow};
use serde_json::{Value, json};

use crate::cli::arguments::At;
use crate::cli::{open, print};

/// Prints who has called what, as it was last written by the gateways of this data directory.
pub(crate) async fn run(at: &At) -> anyhow::Result<()> {
    let directory = open::settings(&at.place)?.store.directory;
    let rows = UsageFile::read(&directory).await.map_err(|fault| open::People::said(&fault))?;
    if at.json {
        return print::json(&Value::Array(rows.iter().map(value).collect()));
    }
    let cells = |row: &UsageRow| {
        let time = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M").to_string();
        vec![
            row.route.clone(),
            row.method.clone(),
            row.caller.clone(),
            row.calls.to_string(),
            row.failed.to_string(),
            time(row.first),
            time(row.last),
        ]
    };
    let headings = ["ROUTE", "METHOD", "CALLER", "CALLS", "FAILED", "FIRST", "LAST"];
    print::table(&headings, rows.iter().map(cells).collect())
}

fn value(row: &UsageRow) -> Value {
    json!({
        "route": row.route,
        "method": row.method,
        "caller": row.caller,
        "calls": row.calls,
        "failed": row.failed,
        "first": row.first.to_string(),
        "last": row.last.to_string(),
    })
}
