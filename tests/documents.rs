//! The documents that are generated from tables of the code are up to date.
//!
//! `ISOGLOSS_WRITE_DOCUMENTS=1 cargo test --test documents` writes them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use isogloss::config::secret::environment;
use isogloss::{manual, matrix, registry, verified};

fn holds(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if environment("ISOGLOSS_WRITE_DOCUMENTS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        return fs::write(file, wanted).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let how = "ISOGLOSS_WRITE_DOCUMENTS=1 cargo test --test documents";
    assert!(written == wanted, "{path} is stale: {how}");
}

#[test]
fn the_matrix() {
    holds("docs/matrix.md", &matrix::markdown(&matrix::rows().unwrap()));
}

/// What was seen on a real server is what the matrix says.
#[test]
fn the_verified_rows_agree_with_the_matrix() {
    let rows = matrix::rows().unwrap();
    let verified = verified::all().unwrap();
    assert!(verified.len() > 5);
    for one in verified {
        for method in &one.methods {
            let is_it = |row: &&matrix::Row| {
                row.dialect == one.dialect && row.backend == one.system && row.method == method
            };
            let row = rows.iter().find(is_it);
            let row = row.unwrap_or_else(|| panic!("{} has no {method}", one.dialect));
            let is_refused = row.level == matrix::Level::Refused;
            let seen = one.result == verified::Found::Refused;
            assert_eq!(is_refused, seen, "{} before {}: {method}", one.dialect, one.system);
        }
    }
}

#[test]
fn the_manual_of_each_dialect() {
    for adapter in registry::dialects() {
        holds(&format!("docs/dialects/{}.md", adapter.name), &manual::page(adapter).unwrap());
    }
}

/// The last column of the tables in the threat model names tests that exist.
#[test]
fn the_tests_of_the_threat_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["tests", "src", "adapters", "canonical", "testkit"] {
        collect(&root.join(folder), &mut sources);
    }
    let written = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let rows = written.lines().filter(|line| line.starts_with("| "));
    let evidence = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | `"));
    let names: Vec<&str> =
        evidence.flat_map(|(_, names)| names.split('`').step_by(2)).filter(is_a_test).collect();
    assert!(names.len() > 60, "{names:?}");
    for name in names {
        let defined = [format!("fn {name}("), format!("\"{name}\""), format!("::{name}\"")];
        assert!(defined.iter().any(|form| sources.contains(form)), "there is no test {name}");
    }
}

/// Whether a word is the name of a test: such a name has several words.
fn is_a_test(name: &&str) -> bool {
    name.contains(['-', '_']) && !name.contains(' ')
}

fn collect(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_permissions() {
    holds("docs/permissions.md", &manual::permissions());
}
