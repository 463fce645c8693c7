//! The documents that are written from the code's own tables say what those tables say now.
//!
//! `ISOGLOSS_WRITE_DOCUMENTS=1 cargo test --test documents` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use isogloss::config::secret::environment;
use isogloss::{manual, matrix, registry};

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

#[test]
fn the_manual_of_each_dialect() {
    for adapter in registry::ADAPTERS {
        holds(&format!("docs/dialects/{}.md", adapter.name), &manual::page(adapter).unwrap());
    }
}

#[test]
fn the_permissions() {
    holds("docs/permissions.md", &manual::permissions());
}
