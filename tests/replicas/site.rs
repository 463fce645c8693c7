//! Gateways that share a database, each a process with its own data directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use isogloss::registry;
use isogloss_testkit::database::{Database, server};
use isogloss_testkit::postgres::Postgres;
use serde_json::Value;
use tempfile::TempDir;

use crate::caller::{Caller, dialects};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// The limit for anything that is waited for, for a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);

/// A directory with the configuration, the secret and the credentials of the administrator.
pub(crate) struct Site {
    folder: TempDir,
    /// What `init` has printed.
    credentials: String,
    _database: Option<Database>,
}

/// A running gateway.
pub(crate) struct Gateway {
    child: Child,
    /// Its base URL.
    pub(crate) url: String,
}

impl Site {
    /// A new database on the server of `scripts/with-postgres`.
    pub(crate) fn shared() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = server().unwrap();
        let data = folder.path().join("data");
        let credentials = finish(program(folder.path()).args(["init", "--json"]));
        let key = data.display().to_string();
        let database = Database::of_store(&server, Path::new(PROGRAM), &key, &data).unwrap();
        let url = database.url();
        let site = Self { folder, credentials, _database: Some(database) };
        site.configure("gateway.toml", &url);
        site
    }

    /// The database `postgres` of a server. The first command creates the tables.
    pub(crate) fn on(server: &Postgres) -> Self {
        let (folder, credentials) = (tempfile::tempdir().unwrap(), String::new());
        let site = Self { folder, credentials, _database: None };
        site.configure("gateway.toml", &server.url("postgres"));
        let credentials = site.ok(&["init", "--json", "--config", "gateway.toml"]);
        Self { credentials, ..site }
    }

    /// Writes a configuration with this database and all dialects.
    pub(crate) fn configure(&self, name: &str, url: &str) {
        let mut text = format!(
            "[state]\nurl = \"{url}\"\nsecret_file = \"data/secret.key\"\ntimeout_ms = 1000\n"
        );
        for dialect in registry::dialects().map(|adapter| adapter.name) {
            text.extend(["[[route]]\npath = \"/", dialect, "\"\ndialect = \"", dialect, "\"\n"]);
        }
        fs::write(self.path(name), text).unwrap();
    }

    /// Has the routes of `gateway.toml` use a remote system: its name, its URL and the key.
    pub(crate) fn join(&self, (system, url, secret): (&str, &str, &str)) {
        let text = fs::read_to_string(self.path("gateway.toml")).unwrap();
        let routes = text.replace("[[route]]\n", "[[route]]\nbackend = \"people\"\n");
        let backend =
            format!("[backend.people]\nsystem = {system:?}\nurl = {url:?}\nsecret = {secret:?}\n");
        fs::write(self.path("gateway.toml"), routes + &backend).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command that succeeds.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        finish(program(self.folder.path()).args(words))
    }

    /// Runs a command, and answers whether it succeeded and all that it printed.
    pub(crate) fn tries(&self, words: &[&str]) -> (bool, String) {
        self.tries_with(&[], words)
    }

    /// The same with these environment variables.
    pub(crate) fn tries_with(&self, variables: &[(&str, &str)], words: &[&str]) -> (bool, String) {
        let mut command = program(self.folder.path());
        let done = command.args(words).envs(variables.iter().copied()).output().unwrap();
        let text = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(text).unwrap())
    }

    /// Starts a gateway with a configuration and its own data directory.
    pub(crate) fn serve(&self, name: &str, config: &str) -> Gateway {
        let (said, told) = (self.path(&format!("{name}.out")), self.path(&format!("{name}.err")));
        let mut command = program(self.folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--config", config, "--data-dir", name]);
        command.stdout(File::create(&said).unwrap()).stderr(File::create(&told).unwrap());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(&said).unwrap();
            if let Some((_, rest)) = text.split_once("listening on http://")
                && let Some((address, _)) = rest.split_once(" (")
            {
                return Gateway { child, url: format!("http://{address}") };
            }
            let ended = child.try_wait().unwrap().is_some() || start.elapsed() > TIMEOUT;
            assert!(!ended, "{text} {}", fs::read_to_string(&told).unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The administrator with the keys of the first start.
    pub(crate) fn administrator(&self) -> Caller {
        let shown: Value = serde_json::from_str(&self.credentials).unwrap();
        let mut caller = Caller::default();
        for calls in dialects() {
            let adapter = registry::adapter(&calls.dialect).unwrap();
            let secret = shown[adapter.name][adapter.key_word].as_str().unwrap();
            let application = calls.application.as_deref().filter(|_| adapter.application_key);
            caller = caller.with(calls, application.unwrap_or("admin"), secret);
        }
        caller
    }

    /// Creates a person with a password and a key for each dialect.
    pub(crate) fn person(&self, name: &str, role: &str, password: &str) -> Caller {
        fs::write(self.path("password"), password).unwrap();
        let place = ["--config", "gateway.toml"];
        let who = ["user", "add", name, "--role", role, "--password-file", "password"];
        self.ok(&[&who[..], &place].concat());
        let mut caller = Caller::default();
        for calls in dialects() {
            caller = caller.with(calls, name, &self.key(&[name], &calls.dialect));
        }
        caller
    }

    /// Gives a person a key for a dialect. `who` is the name, and the backend if it is not the store.
    pub(crate) fn key(&self, who: &[&str], dialect: &str) -> String {
        let place = ["--dialect", dialect, "--json", "--config", "gateway.toml"];
        let told = self.ok(&[&["key", "add"], who, &place].concat());
        let told: Value = serde_json::from_str(&told).unwrap();
        told["key"].as_str().unwrap_or_else(|| panic!("no key in {told}")).to_owned()
    }
}

impl Gateway {
    /// Kills the process, as a crash does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Waits until something is so. Answers how long it took.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < TIMEOUT, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn finish(command: &mut Command) -> String {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
