//! A workspace with the page's adapter, and a copy of the gateway with two more lines: the
//! dependency on the adapter, and its row in the registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::succeeded;

/// The folder of the page's crate. A code block belongs to the crate if its first line names a file
/// in this folder.
const CRATE: &str = "duck/";
/// The program with the adapter. It has another name, because it is built in the same folder as the
/// real one.
const PROGRAM: &str = "isogloss-with-duck";
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
        for old in files(&folder).iter().filter(|old| !wanted.contains_key(*old)) {
            fs::remove_file(folder.join(old)).unwrap();
        }
        for (file, text) in wanted {
            let path = folder.join(file);
            if fs::read_to_string(&path).is_ok_and(|there| there == text) {
                continue;
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    /// A cargo command. It uses the folder and the profile of this test's own build, so that the
    /// dependencies are already built.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([command, "--offline", "--profile", profile(), "--manifest-path"]);
        cargo.arg(self.folder.join("Cargo.toml")).arg("--target-dir").arg(target);
        cargo
    }

    /// The gateway with the adapter, built.
    pub(crate) fn program(&self) -> PathBuf {
        succeeded(self.cargo("build").args(["-p", "isogloss", "--bin", PROGRAM]));
        built().join(PROGRAM)
    }
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

/// The repository's manifest with one more dependency. The paths of the other crates do not change.
fn manifest() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut manifest: toml::Table = text.parse().unwrap();
    let table = |manifest: &mut toml::Table, name: &str| -> toml::Table {
        manifest.remove(name).and_then(|value| value.try_into().ok()).unwrap()
    };
    let mut workspace = table(&mut manifest, "workspace");
    workspace.insert("members".to_owned(), vec![CRATE.trim_end_matches('/')].into());
    let dependencies = workspace["dependencies"].as_table_mut().unwrap();
    for (_, dependency) in dependencies.iter_mut() {
        if let Some(path) = dependency.get_mut("path") {
            *path = root().join(path.as_str().unwrap()).to_str().unwrap().into();
        }
    }
    let duck = toml::Table::from_iter([("path".to_owned(), CRATE.trim_end_matches('/').into())]);
    dependencies.insert("isogloss-duck".to_owned(), duck.into());
    manifest.insert("workspace".to_owned(), workspace.into());
    let of_workspace = toml::Table::from_iter([("workspace".to_owned(), true.into())]);
    let own = manifest["dependencies"].as_table_mut().unwrap();
    own.insert("isogloss-duck".to_owned(), of_workspace.into());
    manifest["package"].as_table_mut().unwrap().insert("autobins".to_owned(), false.into());
    let program = [("name", PROGRAM), ("path", "src/main.rs")];
    let program = program.map(|(name, value)| (name.to_owned(), value.into()));
    let programs = vec![toml::Value::Table(toml::Table::from_iter(program))];
    manifest.insert("bin".to_owned(), programs.into());
    for tests in ["test", "dev-dependencies"] {
        manifest.remove(tests);
    }
    manifest.to_string()
}
