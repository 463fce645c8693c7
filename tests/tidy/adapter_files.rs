//! The files that all adapters have, and the reason for each other file.

use std::collections::{BTreeMap, BTreeSet};

use crate::{root, shipped};

/// The reasons for the files that only some adapters have, below the folder of the adapter.
pub(crate) const REASONS: &str = "fixtures/adapter-files.toml";

/// The adapters with both sides: a dialect and a backend.
pub(crate) fn systems() -> impl Iterator<Item = &'static str> {
    crate::systems()
        .filter(|system| root().join("adapters").join(system).join("src/dialect").is_dir())
}

/// The files of an adapter, tests left out, below its `src`.
fn files_of(system: &str) -> BTreeSet<String> {
    let folder = format!("adapters/{system}/src");
    let is_test = |name: &str| name.split(['/', '.']).any(|part| part == "tests");
    let files = shipped(&folder).into_iter();
    let names = files.map(|(path, _)| path[folder.len() + 1..].to_owned());
    names.filter(|name| !is_test(name)).map(|name| place(&name)).collect()
}

/// A module may be one file, or a folder with a `mod.rs`.
fn place(name: &str) -> String {
    name.strip_suffix("/mod.rs").or(name.strip_suffix(".rs")).unwrap_or(name).to_owned()
}

/// The modules that every adapter has.
pub(crate) fn common() -> BTreeSet<String> {
    let mut all = systems().map(files_of);
    let first = all.next().unwrap();
    all.fold(first, |common, own| common.intersection(&own).cloned().collect())
}

/// The files without a reason, and the reasons without a file.
pub(crate) fn without_reason() -> (Vec<String>, Vec<String>) {
    let text = std::fs::read_to_string(root().join(REASONS)).unwrap();
    let reasons: BTreeMap<String, String> = toml::from_str(&text).unwrap();
    let common = common();
    let all: BTreeSet<_> = systems().flat_map(files_of).collect();
    let other: BTreeSet<_> = all.difference(&common).cloned().collect();
    let given: BTreeSet<_> = reasons.into_keys().collect();
    let missing = other.difference(&given).cloned().collect();
    (missing, given.difference(&other).cloned().collect())
}
