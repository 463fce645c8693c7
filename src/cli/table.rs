//! Reads a CSV table with a heading line.

use anyhow::Context;
use csv::{ReaderBuilder, Trim};
use serde::de::DeserializeOwned;

/// The rows of a file ("-": standard input), each with its line number. Every row must be valid.
pub(crate) fn read<T: DeserializeOwned>(file: &str) -> anyhow::Result<Vec<(u64, T)>> {
    let text = if file == "-" {
        std::io::read_to_string(std::io::stdin()).context("standard input")?
    } else {
        std::fs::read_to_string(file).with_context(|| file.to_owned())?
    };
    let mut reader = ReaderBuilder::new().trim(Trim::Headers).from_reader(text.as_bytes());
    let headings = reader.headers().context("the heading")?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = record.deserialize(Some(&headings));
        rows.push((line, row.with_context(|| format!("line {line}"))?));
    }
    Ok(rows)
}
