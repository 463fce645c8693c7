//! Checks the invariants of `docs/architecture.md`: imports point downward only, `canonical` has no
//! framework, adapters do not import each other, there is one list of adapters, files are short,
//! every method has a transcript, and every path in prose exists.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod adapter_files;
mod circles;
mod figures;
mod lengths;
mod versions;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use isogloss::registry;

/// The most lines of a file.
const LONGEST: usize = 500;
/// Crates that only `src/` and the store may use: frameworks, runtimes, configuration.
const FRAMEWORKS: &[&str] =
    &["actix", "reqwest", "sqlx", "tokio", "hyper", "config", "clap", "ldap3", "tracing"];
/// What a dialect must not use: it acts only through its exchange.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net::Tcp",
    "std::process",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "println!",
];

/// The test files that name a system, with the reason. The list may only shrink: a test takes the
/// adapters from the registry, and facts about one of them from `fixtures/systems/`.
const NAMING: &[(&str, &str)] = &[("tests/cli/", SAMPLE), ("tests/origin/", SAMPLE)];
/// The test needs a system, and any of them would do.
const SAMPLE: &str = "an example";

/// The systems that have an adapter.
fn systems() -> impl Iterator<Item = &'static str> {
    registry::dialects().map(|adapter| adapter.name)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files with an ending below some folders: the path below the root, and the text.
fn files(folders: &[&str], ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = waiting.pop() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let built = ["target", "node_modules", "data"].contains(&name) || name.starts_with('.');
        if path.is_dir() && !built {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && path.extension().is_some_and(|own| own == ending) {
            let below = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push((below, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn sources(folders: &[&str]) -> Vec<(String, String)> {
    files(folders, "rs")
}

/// The sources of the whole repository.
fn everything() -> Vec<(String, String)> {
    sources(&["canonical", "adapters", "src", "testkit", "tests", "benches"])
}

/// The lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[allow(clippy::needless_pass_by_value, reason = "the findings end here")]
fn assert_none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// The lines of code in these files that contain one of these words.
fn holding(files: &[(String, String)], words: &[&str]) -> Vec<String> {
    let lines = files.iter().flat_map(|(file, text)| code(text).map(move |line| (file, line)));
    lines
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(file, line)| format!("{file}: {line}"))
        .collect()
}

/// The dependencies of a crate, without those of its tests.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    dependencies.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn is_framework(name: &str) -> bool {
    FRAMEWORKS
        .iter()
        .any(|framework| name == *framework || name.starts_with(&format!("{framework}-")))
}

#[test]
fn canonical_knows_no_framework_and_no_system() {
    let dependencies = dependencies("canonical/Cargo.toml");
    let banned =
        dependencies.into_iter().filter(|name| is_framework(name) || name.starts_with("isogloss"));
    assert_none(banned.collect(), "canonical depends on");
    let named: Vec<_> = FRAMEWORKS.iter().map(|name| format!("{name}::")).collect();
    let mut words: Vec<_> = named.iter().map(String::as_str).collect();
    words.push("isogloss_");
    assert_none(holding(&sources(&["canonical/src"]), &words), "canonical uses");
}

#[test]
fn adapters_never_see_each_other_nor_a_framework() {
    for system in systems() {
        let manifest = format!("adapters/{system}/Cargo.toml");
        let banned = dependencies(&manifest).into_iter().filter(|name| {
            let shared = ["isogloss-canonical", "isogloss-interop"].contains(&name.as_str());
            is_framework(name) || name.starts_with("isogloss-") && !shared
        });
        assert_none(banned.collect(), &format!("{manifest} depends on"));
    }
    let stores = dependencies("adapters/store/Cargo.toml").into_iter();
    let banned =
        stores.filter(|name| name.starts_with("isogloss-") && name != "isogloss-canonical");
    assert_none(banned.collect(), "adapters/store depends on");
}

/// The crate `interop` reproduces PHP and Python. It must not name a system, so that no rule of a
/// single system is in it. Comments may name recordings as proof.
#[test]
fn interop_knows_no_framework_and_no_system() {
    let banned = dependencies("adapters/interop/Cargo.toml").into_iter().filter(|name| {
        is_framework(name) || name.starts_with("isogloss-") && name != "isogloss-canonical"
    });
    assert_none(banned.collect(), "adapters/interop depends on");
    let files = shipped("adapters/interop/src");
    let names = |line: &&str| systems().any(|system| line.to_lowercase().contains(system));
    let named = files.iter().flat_map(|(file, text)| {
        code(text).filter(names).map(move |line| format!("{file}: {line}"))
    });
    assert_none(named.collect(), "adapters/interop names a system");
    assert_none(holding(&files, IMPURE), "adapters/interop does I/O");
}

/// The sources below a folder, without their unit tests.
fn shipped(folder: &str) -> Vec<(String, String)> {
    let mut files = sources(&[folder]);
    files.retain(|(file, _)| !file.contains("/tests/") && !file.ends_with("/tests.rs"));
    for (_, text) in &mut files {
        text.truncate(text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()));
    }
    files
}

/// The source folders of the program's crates, and of `testkit`.
fn crates() -> Vec<String> {
    let adapters = fs::read_dir(root().join("adapters")).unwrap();
    let adapters = adapters.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut crates: Vec<_> = adapters.map(|name| format!("adapters/{name}/src")).collect();
    crates.extend(["src", "canonical/src", "testkit/src"].map(str::to_owned));
    crates
}

/// All circles of files, each as a sentence.
fn all_circles() -> Vec<String> {
    let found = |folder: &String| circles::circles(folder, &sources(&[folder]));
    crates().iter().flat_map(found).collect()
}

/// No file imports a file that imports it, directly or through others. So each file can be read,
/// tested and changed without the files that use it.
#[test]
fn no_file_is_in_a_circle() {
    assert_none(all_circles(), "files that import each other");
}

/// The imports that a folder of `src/` must not have.
#[test]
fn the_floors_of_the_gateway_point_downward() {
    const NEVER: &[(&str, &[&str])] = &[
        ("src/config/", &["crate::registry", "crate::server", "crate::gateway"]),
        ("src/origin/", &["crate::server", "crate::config", "actix"]),
        ("src/auth/", &["crate::pipeline", "crate::config", "crate::server"]),
        ("src/server/", &["crate::config", "crate::registry", "crate::auth"]),
        ("src/upstream/", &["crate::config", "crate::server"]),
    ];
    for (folder, words) in NEVER {
        let files = shipped(folder.trim_end_matches('/'));
        assert_none(holding(&files, words), &format!("{folder} imports what is above it"));
    }
}

#[test]
fn dialects_are_pure() {
    for system in systems() {
        let files = shipped(&format!("adapters/{system}/src"));
        assert_none(holding(&files, IMPURE), "a dialect acts through its exchange only");
    }
}

#[test]
fn one_place_knows_each_framework_and_one_lists_the_adapters() {
    let except = |places: &[&str]| {
        let mut files = sources(&["src", "adapters", "canonical"]);
        files.retain(|(file, _)| !places.iter().any(|place| file.starts_with(place)));
        files
    };
    let server = except(&["src/server", "src/cli/serve.rs"]);
    assert_none(
        holding(&server, &["actix_web::", "use actix", "actix_rt::", "use actix_http"]),
        "actix is for src/server",
    );
    let clients_of_http = except(&["src/upstream", "src/origin"]);
    let clients = ["reqwest::", "hyper::", "hyper_util::", "hyper_rustls::"];
    assert_none(
        holding(&clients_of_http, &clients),
        "HTTP clients are for src/upstream, src/origin",
    );
    let registry = except(&["src/registry.rs"]);
    let named: Vec<_> = systems().map(|system| format!("isogloss_{system}")).collect();
    let named: Vec<_> = named.iter().map(String::as_str).collect();
    assert_none(holding(&registry, &named), "adapters are named in src/registry.rs");
}

/// The code of a file without the names of its own modules: the file of a system may be listed.
fn without_modules(text: &str) -> impl Iterator<Item = String> {
    let module = |line: &str| Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned() + "::");
    let modules: Vec<_> = code(text).filter_map(module).collect();
    let lines = code(text).filter(move |line| module(line).is_none());
    lines.map(move |line| modules.iter().fold(line.to_owned(), |line, own| line.replace(own, "")))
}

#[test]
fn tests_name_no_system() {
    let names = |text: String| systems().any(|system| text.to_lowercase().contains(system));
    let own = |file: &str| systems().any(|system| file.contains(system));
    let mut files = sources(&["tests", "testkit"]);
    files.retain(|(file, text)| !own(file) && without_modules(text).any(names));
    let listed = |file: &str| NAMING.iter().any(|(place, _)| file.starts_with(place));
    let new = files.iter().filter(|(file, _)| !listed(file)).map(|(file, _)| file.clone());
    assert_none(new.collect(), "name a system");
    let gone =
        NAMING.iter().filter(|(place, _)| !files.iter().any(|(one, _)| one.starts_with(place)));
    assert_none(gone.map(|(place, _)| (*place).to_owned()).collect(), "take it off NAMING");
}

#[test]
fn no_file_is_too_long() {
    let long = everything().into_iter().map(|(file, text)| (file, text.lines().count()));
    let long = long.filter(|(_, lines)| *lines > LONGEST);
    assert_none(long.map(|(file, lines)| format!("{file}: {lines} lines")).collect(), "too long");
}

#[test]
fn every_file_says_what_it_is() {
    let says = |text: &str| text.starts_with("//!") || text.starts_with("#![doc = include_str!(");
    let silent = everything().into_iter().filter(|(_, text)| !says(text));
    assert_none(silent.map(|(file, _)| file).collect(), "begins without a //! header");
}

/// The paths in a text that start with a folder of the repository, with or without backquotes.
fn mentioned(text: &str) -> BTreeSet<String> {
    const FOLDERS: &[&str] = &[
        "canonical/",
        "adapters/",
        "src/",
        "fixtures/",
        "tests/",
        "testkit/",
        "docs/",
        "scripts/",
        "deploy/",
        "benches/",
        "fuzz/",
    ];
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"/._-*{}<>".contains(c));
    let words = words.map(|word| word.trim_end_matches(['.', '-']));
    let paths = words.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
    let vague = |word: &str| {
        let capitals = |step: &str| {
            step.len() > 2 && step != "README" && step.chars().all(|c| c.is_ascii_uppercase())
        };
        word.contains(['*', '{', '<', '}', '>']) || word.split(['/', '.']).any(capitals)
    };
    // The example system of `docs/adapters.md`.
    let imaginary = |word: &str| word.starts_with("adapters/duck");
    paths.filter(|word| !vague(word) && !imaginary(word)).map(str::to_owned).collect()
}

#[test]
fn no_path_in_prose_leads_nowhere() {
    let mut prose = files(&["docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"], "md");
    for (file, text) in everything() {
        let comments = text.lines().map(str::trim).filter(|line| line.starts_with("//"));
        prose.push((file, comments.collect::<Vec<_>>().join("\n")));
    }
    let lost = prose.iter().flat_map(|(file, text)| {
        let paths = mentioned(text).into_iter();
        paths.filter(|path| !root().join(path).exists()).map(move |path| format!("{file}: {path}"))
    });
    assert_none(lost.collect(), "paths that lead nowhere");
}
