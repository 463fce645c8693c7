//! A workspace with the page's adapter, and a copy of the gateway with two more lines: the
//! dependency on the adapter, and its row in the registry.
//!
//! The other crates are links to the repository's own folders. They have the same paths below the
//! workspace, the same features and the same profile as in the build of this test, so that cargo
//! takes what that build left. Only the adapter and the gateway are compiled.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::succeeded;

/// The folder of the page's crate. A code block belongs to the crate if its first line names a file
/// in this folder.
const CRATE: &str = "duck/";
/// The package with the adapter, and its program. It has another name than the real one, because
/// both are built in the same folder.
const PROGRAM: &str = "isogloss-with-duck";
/// The variables that cargo sets for a test. A build script that reads one (ring's does) would be
/// run again, and what depends on it compiled again.
const OF_THIS_TEST: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];
/// The folders of the other crates.
const LINKED: [&str; 3] = ["canonical", "adapters", "testkit"];
/// The end of the registry's list, and the new row.
const END_OF_LIST: &str = "\n];";
const ROW: &str = "\n    &isogloss_duck::ADAPTER,";

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The workspace.
pub(crate) struct Workspace {
    pub(crate) folder: PathBuf,
}

impl Workspace {
    /// Writes only the files that have changed, so that nothing else is built again.
    pub(crate) fn write() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adapters-page");
        let mut wanted = page();
        wanted.extend(sources());
        wanted.insert("Cargo.toml".to_owned(), manifest());
        for name in ["Cargo.lock", "gateway.toml"] {
            wanted.insert(name.to_owned(), fs::read_to_string(root().join(name)).unwrap());
        }
        for written in ["src/", CRATE] {
            for old in files(&folder.join(written)) {
                if !wanted.contains_key(&format!("{written}{old}")) {
                    fs::remove_file(folder.join(written).join(old)).unwrap();
                }
            }
        }
        for (file, text) in wanted {
            write_changed(&folder.join(file), &text);
        }
        for name in LINKED {
            link(&root().join(name), &folder.join(name));
        }
        Self { folder }
    }

    /// A cargo command on the adapter and the gateway. Both are named, and a test of theirs: the
    /// features of their dependencies are then those of `cargo test --workspace`.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([command, "--offline", "--profile", profile(), "--manifest-path"]);
        cargo.arg(self.folder.join("Cargo.toml")).arg("--target-dir").arg(target);
        cargo.args(["-p", "isogloss-duck", "-p", PROGRAM, "--test", "contract"]);
        for name in env::vars_os().map(|(name, _)| name) {
            if OF_THIS_TEST.iter().any(|start| name.to_string_lossy().starts_with(start)) {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    /// The gateway with the adapter, built.
    pub(crate) fn program(&self) -> PathBuf {
        succeeded(self.cargo("build").args(["--bin", PROGRAM]));
        built().join(PROGRAM)
    }
}

/// Writes a file if its text is another.
fn write_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Makes a link to a folder of the repository.
fn link(to: &Path, path: &Path) {
    if fs::read_link(path).is_ok_and(|there| there == to) {
        return;
    }
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path).unwrap();
    }
    symlink(to, path).unwrap();
}

/// The build folder of this test's profile.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}

/// The profile of this test's own build.
fn profile() -> &'static str {
    let folder = built();
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(name) => name.to_owned().leak(),
        None => panic!("{} is no folder of a profile", folder.display()),
    }
}

/// The files of the page. The line that opens a code block names the file.
fn page() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/adapters.md")).unwrap();
    let (mut blocks, mut lines) = (BTreeMap::new(), page.lines());
    while let Some(line) = lines.next() {
        let Some((_, file)) = line.strip_prefix("```").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        assert!(file.starts_with(CRATE) && !file.contains(".."), "{file}");
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.insert(file.to_owned(), text.join("\n") + "\n");
    }
    assert!(blocks.len() > 10, "the page has {} files", blocks.len());
    blocks
}

/// The gateway's sources, with the adapter's row in the registry.
fn sources() -> BTreeMap<String, String> {
    let read = |file: String| {
        let text = fs::read_to_string(root().join("src").join(&file)).unwrap();
        (format!("src/{file}"), text)
    };
    let mut sources: BTreeMap<_, _> = files(&root().join("src")).into_iter().map(read).collect();
    let registry = sources.get_mut("src/registry.rs").unwrap();
    let list = registry.find("pub const ADAPTERS").unwrap();
    let end = list + registry[list..].find(END_OF_LIST).unwrap();
    registry.insert_str(end, ROW);
    sources
}

/// All files below a folder, as relative paths.
fn files(folder: &Path) -> Vec<String> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() {
            found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

/// The repository's manifest with one more member, one more dependency and another name. Its tests
/// are left out, but not the dependencies of its tests: they decide about features.
fn manifest() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut manifest: toml::Table = text.parse().unwrap();
    let duck = CRATE.trim_end_matches('/');
    let workspace = manifest["workspace"].as_table_mut().unwrap();
    workspace["members"].as_array_mut().unwrap().push(duck.into());
    let of_workspace = workspace["dependencies"].as_table_mut().unwrap();
    of_workspace.insert("isogloss-duck".to_owned(), table("path", duck));
    let own = manifest["dependencies"].as_table_mut().unwrap();
    own.insert("isogloss-duck".to_owned(), table("workspace", true));
    manifest["package"].as_table_mut().unwrap().insert("name".to_owned(), PROGRAM.into());
    manifest.insert("lib".to_owned(), table("name", "isogloss"));
    manifest.remove("test");
    manifest.to_string()
}

/// A table with one row.
fn table(key: &str, value: impl Into<toml::Value>) -> toml::Value {
    toml::Table::from_iter([(key.to_owned(), value.into())]).into()
}
