//! Several processes with one PostgreSQL database. `scripts/with-postgres` starts the server.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use isogloss_testkit::database::{Database, server};
use serde_json::Value;

use crate::workdir::{PROGRAM, Workdir};

/// How many processes create a user. Every second one is killed.
const PROCESSES: u64 = 40;

/// A working directory whose state is on the server.
fn shared() -> (Workdir, Database) {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let server = server().unwrap();
    let data = workdir.data();
    // Each of these stores has a secret of its own, so none is made from another's copy.
    let key = data.display().to_string();
    let database = Database::of_store(&server, Path::new(PROGRAM), &key, &data).unwrap();
    let text =
        format!("[state]\nurl = \"{}\"\n[[route]]\ndialect = \"octoprint\"\n", database.url());
    workdir.write("gateway.toml", &text);
    (workdir, database)
}

fn names(workdir: &Workdir) -> Vec<String> {
    let listed = workdir.ok(&["user", "list", "--json", "--config", "gateway.toml"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    listed.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn a_process_that_is_killed_loses_no_user_and_blocks_nobody() {
    let (workdir, _database) = shared();
    let add = |number: u64| {
        let name = format!("p{number}");
        let mut command = workdir.command(&["user", "add", &name, "--config", "gateway.toml"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut told = Vec::new();
    for start in (0..PROCESSES).step_by(4) {
        let mut running: Vec<_> = (start..start + 4).map(|number| (number, add(number))).collect();
        for (number, child) in running.iter_mut().filter(|(number, _)| number % 2 == 0) {
            // The first rounds kill at the start, the later ones in the middle or after the end.
            std::thread::sleep(Duration::from_millis(*number * 3));
            let _ended = child.kill();
        }
        for (number, mut child) in running {
            if child.wait().unwrap().success() {
                told.push(format!("p{number}"));
            }
        }
    }
    let all = names(&workdir);
    let lost: Vec<_> = told.iter().filter(|name| !all.contains(name)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(told.len() as u64 >= PROCESSES / 2, "the others were not held up: {told:?}");
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len(), "nobody is there twice");
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn a_gateway_with_another_secret_is_refused() {
    let (workdir, _database) = shared();
    assert_eq!(names(&workdir), ["admin"]);
    std::fs::write(workdir.data().join("secret.key"), [7; 32]).unwrap();
    let told = workdir.fails(&["user", "list", "--config", "gateway.toml"]);
    assert!(told.contains("secret.key is not the one"), "{told}");
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn a_copy_back_has_everything_and_a_used_target_is_refused() {
    let (workdir, database) = shared();
    workdir.ok(&["user", "add", "ada", "--config", "gateway.toml"]);
    // The database of the directory is not used any more.
    std::fs::remove_file(workdir.data().join("isogloss.sqlite")).unwrap();
    let checked = workdir.ok(&["config", "check", "--connect", "--config", "gateway.toml"]);
    assert!(checked.contains("state at ***") && checked.contains("PostgreSQL"), "{checked}");
    let url = database.url();
    let copy = |to: &str| {
        ["state", "copy", "--from", &url, "--to", to, "--secret-file", "data/secret.key"]
            .map(str::to_owned)
    };
    let words = copy("sqlite:back");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    workdir.ok(&words);
    let listed = workdir.ok(&["user", "list", "--json", "--data-dir", "back"]);
    assert!(listed.contains("\"ada\""), "{listed}");
    let again = workdir.fails(&words);
    assert!(again.contains("the target is in use"), "{again}");
    assert!(!again.contains(&url), "no URL in an error: it may have a password");
}
