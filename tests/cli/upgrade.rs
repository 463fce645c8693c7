//! A data directory of an earlier release (`fixtures/release-0.1`): nothing of it is lost.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::workdir::Workdir;

/// The service key of the fixture's system.
const SERVICE: &str = "6c258c7672c1d8aa6bc3e4700e085a178a52cf252e44d4c0f0a7b48f5f3e";
/// The OctoPrint key of `ada`, in the sidecar.
const KEY: &str = "FUmLMPXEhXaHeaWR-F8cpa8fwStzHwa3Cqw9cTyAKlM";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/release-0.1").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The ids of each user, in every id namespace.
fn ids(workdir: &Workdir, backend: &str) -> Vec<(String, Value)> {
    let words = ["user", "list", "--json", "--config", "gateway.toml", "--backend", backend];
    let listed: Vec<Value> = serde_json::from_str(&workdir.ok(&words)).unwrap();
    let one = |user: &Value| (user["username"].as_str().unwrap().to_owned(), user["ids"].clone());
    listed.iter().map(one).collect()
}

#[test]
fn a_sidecar_with_files_of_its_own_is_taken_over() {
    let (system, gateway) = (Workdir::new(), Workdir::new());
    copy(&fixture("system"), &system.data());
    copy(&fixture("gateway"), &gateway.data());
    let behind = system.serve(&["--dialect", "kanboard"]);
    gateway.write(
        "gateway.toml",
        &format!(
            "[backend.old]\nsystem = \"kanboard\"\nurl = \"{}\"\nsecret = \"{SERVICE}\"\n\
             [[route]]\npath = \"/octoprint\"\ndialect = \"octoprint\"\nbackend = \"old\"\n\
             [[route]]\npath = \"/kanboard\"\ndialect = \"kanboard\"\n",
            behind.url("")
        ),
    );
    for round in 0..2 {
        let front = gateway.serve(&["--config", "gateway.toml"]);
        let me = front.get_with("/octoprint/api/currentuser", &format!("X-Api-Key: {KEY}"));
        assert!(me.contains("\"name\": \"ada\""), "round {round}: {me}");
        let shown = ids(&gateway, "old");
        let expected = [("ada", 2, 3), ("admin", 1, 2), ("bob", 3, 4)].map(|(name, other, rhodecode)| {
            let other = other.to_string();
            let all = json!({"dandelion": other, "kanboard": other, "rhodecode": rhodecode.to_string()});
            (name.to_owned(), all)
        });
        assert_eq!(shown, expected);
        let own: Vec<_> = ids(&gateway, "people").into_iter().map(|(name, _)| name).collect();
        assert_eq!(own, ["admin", "carol"]);
        front.stop();
    }
    let backends = gateway.data().join("backends");
    assert!(!backends.join("old").exists());
    let left = backends.join("old.taken-over").join("isogloss.sqlite");
    assert!(left.exists(), "the old files stay");
    behind.stop();
}
