//! `docs/adapters.md` builds an adapter step by step. This test compiles the code blocks of the
//! page in a workspace of their own, and runs the contract suite on that adapter.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the page's crate. A code block belongs to the crate if its first line names a file
/// in this folder.
const CRATE: &str = "duck/";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the page. The line that opens a code block names the file.
fn blocks(page: &str) -> Vec<(String, String)> {
    let (mut blocks, mut lines) = (Vec::new(), page.lines());
    while let Some(line) = lines.next() {
        let Some((_, file)) = line.strip_prefix("```").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((file.to_owned(), text.join("\n") + "\n"));
    }
    blocks
}

/// A workspace with the versions, lints and dependencies of this repository, and one member.
fn manifest() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let repository: toml::Table = text.parse().unwrap();
    let mut workspace = repository["workspace"].as_table().unwrap().clone();
    workspace.insert("members".to_owned(), vec![CRATE.trim_end_matches('/')].into());
    let dependencies = workspace["dependencies"].as_table_mut().unwrap();
    for (_, dependency) in dependencies.iter_mut() {
        if let Some(path) = dependency.get_mut("path") {
            *path = root().join(path.as_str().unwrap()).to_str().unwrap().into();
        }
    }
    let mut own = toml::Table::new();
    own.insert("workspace".to_owned(), workspace.into());
    own.insert("profile".to_owned(), profile(&repository).into());
    own.to_string()
}

/// The profile of this repository, so that the dependencies are not built again. Packages that the
/// member does not use are left out.
fn profile(repository: &toml::Table) -> toml::Table {
    let mut profile = repository["profile"].as_table().unwrap().clone();
    profile["dev"].as_table_mut().unwrap().remove("package");
    profile
}

/// Writes the workspace and returns its folder.
fn workspace() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adapters-page");
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest()).unwrap();
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let page = fs::read_to_string(root().join("docs/adapters.md")).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.len() > 10, "the page has {} files", blocks.len());
    for (file, text) in blocks {
        assert!(file.starts_with(CRATE) && !file.contains(".."), "{file}");
        let path = folder.join(&file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn the_adapter_of_the_page_is_green() {
    let folder = workspace();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--offline", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(target);
    let built = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&built.stdout).into_owned();
    let complained = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success(), "{said}\n{complained}");
    assert!(!complained.contains("warning:"), "{complained}");
    assert!(said.contains("duck::an-outage-is-no-absence"), "the contract did not run: {said}");
    let format = Command::new("rustfmt")
        .args(["--check", "--edition", "2024", "--config-path"])
        .arg(root())
        .arg(folder.join("duck/src/lib.rs"))
        .output()
        .unwrap();
    assert!(format.status.success(), "{}", String::from_utf8_lossy(&format.stdout));
}
