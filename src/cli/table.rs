//! Reads a CSV table with a heading line, row by row, as often as needed.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use serde::de::DeserializeOwned;

use crate::rereadable::Rereadable;

/// A row with its line number.
pub(crate) type Numbered<T> = (u64, T);

/// A table of a file.
#[derive(Debug)]
pub(crate) struct Table(Rereadable);

impl Table {
    /// Opens a file ("-": standard input) whose first line has these headings, and perhaps others.
    pub(crate) fn open(file: &str, headings: &[&str]) -> anyhow::Result<Self> {
        let table = Self(if file == "-" {
            Rereadable::standard_input().context("standard input")?
        } else {
            Rereadable::open(Path::new(file)).with_context(|| file.to_owned())?
        });
        let (_, found) = table.reader()?;
        let missing = headings.iter().find(|heading| !found.iter().any(|own| own == **heading));
        match missing {
            None => Ok(table),
            Some(missing) => bail!(
                "line 1: there is no column {missing:?}; the first line names the columns: {}",
                headings.join(",")
            ),
        }
    }

    /// A reader at the first row, and the headings.
    fn reader(&self) -> anyhow::Result<(Reader<impl Read + Send>, StringRecord)> {
        let mut reader = ReaderBuilder::new().trim(Trim::Headers).from_reader(self.0.read()?);
        let headings = reader.headers().context("the heading")?.clone();
        Ok((reader, headings))
    }

    /// The rows, from the first one.
    pub(crate) fn rows<T: DeserializeOwned>(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Numbered<T>>> + Send + use<'_, T>> {
        let (reader, headings) = self.reader()?;
        Ok(reader.into_records().map(move |record| {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let row = record.deserialize(Some(&headings));
            Ok((line, row.with_context(|| format!("line {line}"))?))
        }))
    }
}

/// The rows in batches of at most `size`. An error ends the rows; it comes after the batch of the rows
/// before it.
pub(crate) fn batches<T>(
    rows: impl Iterator<Item = anyhow::Result<T>> + Send,
    size: usize,
) -> impl Iterator<Item = anyhow::Result<Vec<T>>> + Send
where
    T: Send,
{
    let mut rows = rows.fuse();
    let mut failed = None;
    std::iter::from_fn(move || {
        if let Some(error) = failed.take() {
            return Some(Err(error));
        }
        let mut batch = Vec::new();
        while batch.len() < size {
            match rows.next() {
                Some(Ok(row)) => batch.push(row),
                Some(Err(error)) => {
                    failed = Some(error);
                    break;
                }
                None => break,
            }
        }
        if batch.is_empty() { failed.take().map(Err) } else { Some(Ok(batch)) }
    })
}
