//! The store's files: a full disk, a missing file, and other faults.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::workdir::{PROGRAM, Server, Workdir};

/// Limits the size of the files that a process writes. It has the effect of a full disk.
fn limit_files(server: &Server, bytes: &str) {
    let id = server.id().to_string();
    let done = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:")]).status();
    assert!(done.unwrap().success(), "prlimit (util-linux) failed");
}

fn create(server: &Server, credentials: &Value, name: &str) -> Value {
    server.ask(credentials, "createUser", &json!([name, "correct horse"]))
}

#[test]
fn when_there_is_room_again_the_store_writes_again() {
    let workdir = Workdir::new();
    // The signal for a process over its limit would end it, so the signal is ignored.
    let mut command = Command::new("sh");
    let serve = "trap '' XFSZ; exec \"$0\" serve --listen 127.0.0.1:0 --data-dir \"$1\"";
    command.args(["-c", serve, PROGRAM]).arg(workdir.data());
    let server = workdir.start("out", command).ready();
    let credentials = workdir.credentials();
    limit_files(&server, "4096");
    for name in ["one", "two", "three"] {
        let refused = create(&server, &credentials, name);
        assert!(refused["error"].is_object(), "{refused}");
    }
    let read = server.ask(&credentials, "getUserByName", &json!(["admin"]));
    assert_eq!(read["result"]["username"], json!("admin"), "{read}");
    limit_files(&server, "unlimited");
    for name in ["one", "two", "three"] {
        let made = create(&server, &credentials, name);
        assert!(made["result"].is_u64(), "{made} {}", server.complained());
    }
    server.stop();
}

#[test]
fn half_a_store_is_refused_and_left_as_it_is() {
    let cases = [
        ("isogloss.sqlite", None, "isogloss.sqlite is missing beside secret.key"),
        ("secret.key", None, "secret.key is missing beside isogloss.sqlite"),
        ("isogloss.sqlite", Some(""), "isogloss.sqlite is empty"),
        ("secret.key", Some(""), "secret.key is empty"),
        ("secret.key", Some("short"), "expected 32"),
        ("isogloss.sqlite", Some("this is no database at all"), "damaged"),
    ];
    for (name, text, hint) in cases {
        let workdir = Workdir::new();
        workdir.ok(&["init"]);
        let path = workdir.data().join(name);
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let before = contents(&workdir);
        for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["init"], &["user", "list"]] {
            let told = workdir.fails(words);
            assert!(told.contains(hint) || told.contains("already initialised"), "{told}");
            assert!(told.contains("backup") || told.contains("already"), "{told}");
            assert_one_sentence(&told);
        }
        assert_eq!(contents(&workdir), before, "{hint}");
    }
}

#[test]
fn a_check_of_the_configuration_finds_half_a_store() {
    let cases = [
        ("isogloss.sqlite", None, "isogloss.sqlite is missing beside secret.key"),
        ("secret.key", None, "secret.key is missing beside isogloss.sqlite"),
        ("isogloss.sqlite", Some(""), "isogloss.sqlite is empty"),
        ("secret.key", Some(""), "secret.key is empty"),
        ("secret.key", Some("short"), "secret.key has 5 bytes, expected 32"),
    ];
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write(
        "gateway.toml",
        "[backend.old]\nsystem = \"kanboard\"\nurl = \"http://127.0.0.1:9\"\nsecret = \"x\"\n\
         [[route]]\ndialect = \"kanboard\"\nbackend = \"old\"\n",
    );
    let words = ["config", "check", "--config", "gateway.toml"];
    // A sidecar in files of its own, as releases before 0.2 wrote it.
    let sidecar = workdir.data().join("backends").join("old");
    fs::create_dir_all(&sidecar).unwrap();
    for name in ["isogloss.sqlite", "secret.key"] {
        fs::copy(workdir.data().join(name), sidecar.join(name)).unwrap();
    }
    for (directory, shown) in [(workdir.data(), "./data"), (sidecar, "data/backends/old")] {
        for (name, text, hint) in cases {
            workdir.ok(&words);
            let path = directory.join(name);
            let whole = fs::read(&path).unwrap();
            match text {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let before = contents_of(&directory);
            let told = workdir.fails(&words);
            assert!(told.contains(hint) && told.contains("same backup"), "{told}");
            assert!(told.contains(shown), "{told}");
            assert_eq!(contents_of(&directory), before, "{hint}");
            fs::write(&path, whole).unwrap();
        }
    }
    workdir.ok(&words);
}

/// The files of a directory and their contents.
fn contents_of(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(directory).unwrap().map(|one| one.unwrap().path());
    paths
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// The files of the store and their contents.
fn contents(workdir: &Workdir) -> Vec<(String, Vec<u8>)> {
    workdir
        .files()
        .into_iter()
        .map(|name| (name.clone(), fs::read(workdir.data().join(name)).unwrap()))
        .collect()
}

fn assert_one_sentence(told: &str) {
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(!told.contains("backtrace"), "{told}");
}

#[test]
fn half_a_store_of_a_backend_is_refused() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write(
        "gateway.toml",
        "[backend.old]\nsystem = \"kanboard\"\nurl = \"http://127.0.0.1:9\"\nsecret = \"x\"\n\
         [[route]]\ndialect = \"kanboard\"\nbackend = \"old\"\n",
    );
    let serve = ["serve", "--config", "gateway.toml", "--listen", "127.0.0.1:0"];
    let directory = workdir.data().join("backends").join("old");
    fs::create_dir_all(&directory).unwrap();
    fs::copy(workdir.data().join("secret.key"), directory.join("secret.key")).unwrap();
    let secret = fs::read(directory.join("secret.key")).unwrap();
    let told = workdir.fails(&serve);
    assert!(told.contains("backends/old") && told.contains("same backup"), "{told}");
    assert_eq!(fs::read(directory.join("secret.key")).unwrap(), secret);
}

#[test]
fn a_log_without_its_database_is_not_written_into_a_new_one() {
    let workdir = Workdir::new();
    fs::create_dir(workdir.data()).unwrap();
    fs::write(workdir.data().join("isogloss.sqlite-wal"), "left over").unwrap();
    let told = workdir.fails(&["init"]);
    assert!(told.contains("isogloss.sqlite-wal"), "{told}");
    assert!(workdir.files().is_empty());
}

/// The program, run by a user who is not root: the current user, or `nobody`.
fn unprivileged(workdir: &Workdir, words: &[&str]) -> Command {
    let mut command = workdir.command(words);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let program = workdir.data().with_file_name("isogloss");
        fs::copy(PROGRAM, &program).unwrap();
        set_mode(program.parent().unwrap(), 0o755);
        let directory = command.get_current_dir().unwrap().to_owned();
        command = Command::new(program);
        command.args(words).current_dir(directory).uid(65534).gid(65534);
    }
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_this_user_may_not_touch_is_said_with_its_owner_or_mode() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let (directory, secret) = (workdir.data(), workdir.data().join("secret.key"));
    for (directory_mode, secret_mode) in [(0o555, 0o600), (0o777, 0o000)] {
        set_mode(&secret, secret_mode);
        set_mode(&directory, directory_mode);
        for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["init"], &["user", "list"]] {
            let done = unprivileged(&workdir, words).output().unwrap();
            let told = String::from_utf8(done.stderr).unwrap();
            assert!(!done.status.success(), "{words:?}");
            if told.contains("already initialised") {
                continue;
            }
            assert_one_sentence(&told);
            let said = told.contains("belongs to user id") || told.contains("has the mode");
            assert!(said && told.contains("data"), "{words:?}: {told}");
        }
        set_mode(&directory, 0o755);
    }
}

/// Another process that writes to the store until it is dropped.
struct Writer(Child);

impl Writer {
    fn of(workdir: &Workdir) -> Self {
        let script = "import sqlite3, sys\n\
                      other = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                      other.execute('BEGIN IMMEDIATE')\n\
                      print('writing', flush=True)\n\
                      sys.stdin.read()\n";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(workdir.data().join("isogloss.sqlite"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 7];
        child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
        Self(child)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The process ends at the end of its input.
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

#[test]
fn a_store_that_another_process_holds_is_said_to_be_locked() {
    let workdir = Workdir::new();
    let server = workdir.serve(&[]);
    let credentials = workdir.credentials();
    let other = Writer::of(&workdir);
    let (told, refused) = std::thread::scope(|scope| {
        let refused = scope.spawn(|| create(&server, &credentials, "one"));
        (workdir.fails(&["user", "add", "two"]), refused.join().unwrap())
    });
    assert!(told.contains("locked: another process"), "{told}");
    assert_one_sentence(&told);
    let words = refused["error"]["message"].as_str().unwrap();
    assert!(words.contains("5 database is locked"), "{refused}");
    drop(other);
    assert!(create(&server, &credentials, "one")["result"].is_u64());
    server.stop();
}
