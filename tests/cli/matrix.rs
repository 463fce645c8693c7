//! `isogloss matrix`: its filters, and its width on a terminal.

use std::process::Command;

use serde_json::Value;

use crate::workdir::{PROGRAM, Workdir};

fn rows(words: &[&str]) -> Vec<Value> {
    let words = [&["matrix", "--json"], words].concat();
    serde_json::from_str(&Workdir::new().ok(&words)).unwrap()
}

#[test]
fn the_rows_of_one_dialect_backend_and_method_are_shown() {
    let all = rows(&[]);
    let first = &all[0];
    let [dialect, backend, method] =
        ["dialect", "backend", "method"].map(|name| first[name].as_str().unwrap());
    let words = ["--dialect", dialect, "--backend", backend, "--method", method];
    let some = rows(&words);
    assert_eq!(some[0], *first);
    let is_wanted = |row: &&Value| {
        row["dialect"] == dialect && row["backend"] == backend && row["method"] == method
    };
    assert_eq!(some.len(), all.iter().filter(is_wanted).count());
    assert!(some.len() < rows(&["--dialect", dialect]).len());
    let error = Workdir::new().fails(&["matrix", "--dialect", dialect, "--method", "noSuchMethod"]);
    assert!(error.contains(method), "the known methods are not listed: {error}");
}

#[test]
fn a_table_fits_the_terminal() {
    for width in [80, 120] {
        let shell = format!("stty cols {width}; {PROGRAM} matrix");
        let shown = Command::new("script").args(["-qec", &shell, "/dev/null"]).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        assert!(shown.lines().count() > 100, "{shown}");
        let long = shown.lines().find(|line| line.trim_end().chars().count() > width);
        assert_eq!(long, None, "wider than {width}");
    }
}
