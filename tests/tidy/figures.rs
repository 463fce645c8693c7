//! The figures of the sources: the files that all adapters have, circles, and the lengths of files
//! and functions. `docs/architecture.md` shows the figures. The test fails if the document is not
//! up to date.
//!
//! `ISOGLOSS_WRITE_DOCUMENTS=1 cargo test --test tidy` writes them.

use std::fmt::Write;
use std::fs;

use isogloss::config::secret::environment;

use crate::{adapter_files, crates, lengths, root, shipped};

/// The lines of the document before and after the figures.
const MARKS: (&str, &str) = ("<!-- figures -->\n", "<!-- end of figures -->\n");

/// The files that are part of the program.
fn program() -> Vec<(String, String)> {
    let own = crates().into_iter().filter(|folder| !folder.starts_with("testkit"));
    own.flat_map(|folder| shipped(&folder)).collect()
}

fn section() -> String {
    let files = program();
    let (lines, functions) = lengths::of(&files);
    let common = adapter_files::common();
    let mut out = String::new();
    out.push_str("| figure | value |\n|---|---|\n");
    let names = common.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ");
    let systems = adapter_files::systems().count();
    writeln!(out, "| files that all {systems} adapters have | {}: {names} |", common.len())
        .unwrap();
    writeln!(out, "| files that import each other in a circle | {} |", crate::all_circles().len())
        .unwrap();
    writeln!(out, "| lines of a file (tests left out) | {lines} |").unwrap();
    writeln!(out, "| lines of a function's body | {functions} |").unwrap();
    out
}

#[test]
fn the_figures_of_the_architecture() {
    let path = root().join("docs/architecture.md");
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(MARKS.0).unwrap();
    let (_, after) = rest.split_once(MARKS.1).unwrap();
    let wanted = format!("{before}{}{}{}{after}", MARKS.0, section(), MARKS.1);
    if environment("ISOGLOSS_WRITE_DOCUMENTS").is_some() {
        return fs::write(path, wanted).unwrap();
    }
    let how = "ISOGLOSS_WRITE_DOCUMENTS=1 cargo test --test tidy";
    assert!(document == wanted, "docs/architecture.md is stale: {how}");
}

#[test]
fn all_adapters_have_the_same_files() {
    let common = adapter_files::common();
    assert!(common.len() >= 14, "only {} files are common: {common:?}", common.len());
}

#[test]
fn every_other_file_of_an_adapter_has_a_reason() {
    let (missing, stale) = adapter_files::without_reason();
    assert!(missing.is_empty(), "{} has no reason for: {missing:#?}", adapter_files::REASONS);
    assert!(stale.is_empty(), "{} gives a reason for: {stale:#?}", adapter_files::REASONS);
}

#[test]
fn no_function_is_longer_than_fifty_lines() {
    let long = lengths::longer_than(&program(), 50);
    assert!(long.is_empty(), "{long:#?}");
}
