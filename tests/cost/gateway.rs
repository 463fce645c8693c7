//! A gateway with every version of every dialect, and measurements of the cost of requests.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_testkit::connections::is_open;
use isogloss_testkit::cpu;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tempfile::TempDir;

/// The application key, in each dialect that has one.
pub(crate) const TOKEN: &str = "4f1c0d5e9a7b36284f1c0d5e9a7b36284f1c0d5e9a7b36284f1c0d5e9a7b";
/// The password of the user `ann`, who has the role `user`.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The key of `ann`, in each dialect.
pub(crate) const KEY: &str = "b1946ac92492d2347c6235b4d2611184b1946ac9249";
/// The key of the administrator, in each dialect.
pub(crate) const ADMIN_KEY: &str = "0a1f4cb52f9bb33ed1d2cc6e1a3b4f60758d6c2f913";
/// The limit for any one step, for a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Settings that differ from the defaults.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) request_timeout_ms: Option<u64>,
}

/// A running gateway. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Gateway {
    address: String,
    child: Child,
    folder: TempDir,
}

/// The cost of some requests.
#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) answer: u64,
    pub(crate) cpu_ms: u64,
    pub(crate) memory_mib: u64,
    pub(crate) rows: u64,
    pub(crate) log: u64,
}

/// The path prefix of a version of a dialect.
pub(crate) fn path(dialect: &str, version: &str) -> String {
    format!("/{dialect}{}", version.replace('.', "-"))
}

impl Gateway {
    pub(crate) fn start(options: &Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let key = |adapter: &Adapter, value: &str| json!({"dialect": adapter.name, "value": value});
        let keys: Vec<_> = registry::dialects().map(|adapter| key(adapter, KEY)).collect();
        let admin_keys: Vec<_> =
            registry::dialects().map(|adapter| key(adapter, ADMIN_KEY)).collect();
        let tokens = registry::dialects().filter(|adapter| adapter.application_key);
        let tokens: Vec<_> = tokens.map(|adapter| key(adapter, TOKEN)).collect();
        let accounts = json!({
            "users": [
                {
                    "username": "admin", "password": "the first secret", "admin": true,
                    "keys": admin_keys,
                },
                {
                    "username": "ann", "password": PASSWORD,
                    "keys": keys,
                },
            ],
            "application_keys": tokens,
        });
        fs::write(path("accounts.json"), accounts.to_string()).unwrap();
        fs::write(path("gateway.toml"), configuration(&path("data"), options)).unwrap();
        let accounts = path("accounts.json");
        let mut init = run(folder.path(), &["init", "--accounts", accounts.to_str().unwrap()]);
        let made = init.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::serve(folder)
    }

    /// Serves the configuration `gateway.toml` of a folder.
    pub(crate) fn serve(folder: TempDir) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        let mut serve = run(folder.path(), &["serve"]);
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_whitespace().nth(2).unwrap();
        let address = address.trim_start_matches("http://").to_owned();
        Self { address, child, folder }
    }

    /// Opens a connection and sends bytes.
    pub(crate) fn sent(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        // The gateway may answer and close before it has read everything. Then the answer still
        // counts.
        let _told_by_the_answer = stream.write_all(request);
        stream
    }

    /// Sends bytes and reads the answer. If the body is refused, the answer may be incomplete.
    pub(crate) fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.sent(request);
        let mut answer = Vec::new();
        let _what_came_counts = stream.read_to_end(&mut answer);
        answer
    }

    /// The headers with OctoPrint's CSRF token; empty for a version that has none.
    pub(crate) fn csrf_token(&self, at: &str) -> String {
        let page =
            format!("GET {at}/login/ HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n");
        let answer = String::from_utf8(self.ask(page.as_bytes())).unwrap();
        let cookies = answer.lines().filter_map(|line| line.split_once("et-cookie: "));
        let mut cookies = cookies.filter_map(|(_, cookie)| cookie.split(';').next());
        let Some(cookie) = cookies.find(|cookie| cookie.starts_with("csrf_token")) else {
            return String::new();
        };
        let (_, token) = cookie.split_once('=').unwrap();
        format!("Cookie: {cookie}\r\nX-CSRF-Token: {token}\r\n")
    }

    pub(crate) fn cost_of(&self, requests: &[Vec<u8>]) -> Cost {
        let before = (self.cpu_ms(), self.rows(), self.log());
        self.reset_peak();
        let resident = self.memory_kib("VmRSS:");
        let answers = requests.iter().map(|request| self.ask(request).len() as u64);
        let answer = answers.sum();
        let peak = self.memory_kib("VmHWM:");
        Cost {
            answer,
            cpu_ms: self.cpu_ms() - before.0,
            memory_mib: peak.saturating_sub(resident) / 1024,
            rows: self.rows().saturating_sub(before.1),
            log: self.log() - before.2,
        }
    }

    /// The number of rows of a table that match a condition.
    pub(crate) fn count(&self, condition: &str) -> u64 {
        self.in_the_store(async |store| {
            let query = format!("SELECT count(*) FROM {condition}");
            number(&mut *store, &query).await
        })
    }

    /// Takes the store's write lock. Every write waits until it is released.
    pub(crate) fn lock_writing(&self) -> WriteLock {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(self.database());
            let mut connection = options.busy_timeout(TIMEOUT).connect().await.unwrap();
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
            connection
        });
        WriteLock { runtime, connection }
    }

    /// Waits until the gateway has closed its end of a connection that the client has closed.
    pub(crate) fn await_disconnect(&self, client: SocketAddr) {
        let own = self.address.parse().unwrap();
        await_that("it does not notice", || !is_open(own, client));
    }

    /// Waits until the log has a line with this text.
    pub(crate) fn await_log(&self, text: &str) {
        let log = self.folder.path().join("log");
        await_that(text, || fs::read_to_string(&log).unwrap().contains(text));
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits until the process has ended.
    pub(crate) fn await_end(&mut self) {
        await_that("it does not end", || self.child.try_wait().unwrap().is_some());
    }

    /// Executes a statement in the store.
    pub(crate) fn change(&self, sql: &str) {
        self.in_the_store(async |store| {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(store).await.unwrap();
        });
    }

    /// The rows of all tables but those of running gateways: background work writes one there, whatever
    /// a request does.
    fn rows(&self) -> u64 {
        self.in_the_store(async |store| {
            let names = "SELECT name FROM sqlite_master WHERE type = 'table' \
                         AND name NOT IN ('claims', 'leases')";
            let names = sqlx::query(names).fetch_all(&mut *store).await.unwrap();
            let mut sum = 0;
            for name in names {
                let query = format!("SELECT count(*) FROM \"{}\"", name.get::<String, _>(0));
                sum += number(&mut *store, &query).await;
            }
            sum
        })
    }

    fn in_the_store<T>(&self, ask: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(self.database());
            ask(&mut options.connect().await.unwrap()).await
        })
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("data").join(isogloss_store::DATABASE)
    }

    fn log(&self) -> u64 {
        fs::metadata(self.folder.path().join("log")).unwrap().len()
    }

    fn process(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }

    /// The processor time of all threads of the process.
    fn cpu_ms(&self) -> u64 {
        let time = cpu::of_process(self.child.id()).unwrap();
        u64::try_from(time.as_millis()).unwrap()
    }

    fn memory_kib(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.process("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Resets the peak of the memory.
    fn reset_peak(&self) {
        fs::write(self.process("clear_refs"), "5").unwrap();
    }
}

/// The store's write lock.
#[derive(Debug)]
pub(crate) struct WriteLock {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

impl WriteLock {
    /// Releases the lock.
    pub(crate) fn release(self) {
        self.runtime.block_on(self.connection.close()).unwrap();
    }
}

/// Waits until a condition is true. The text describes the condition.
pub(crate) fn await_that(wanted: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < TIMEOUT, "{wanted}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// The program with the configuration of a folder.
fn run(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isogloss"));
    command.args(arguments).arg("--config").arg(folder.join("gateway.toml"));
    command.stdin(Stdio::null());
    command
}

async fn number(store: &mut SqliteConnection, query: &str) -> u64 {
    let row = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_one(store).await.unwrap();
    u64::try_from(row.get::<i64, _>(0)).unwrap()
}

fn configuration(data: &Path, options: &Options) -> String {
    let mut text = "[server]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    if let Some(timeout) = options.request_timeout_ms {
        writeln!(text, "request_timeout_ms = {timeout}").unwrap();
    }
    writeln!(text, "[store]\ndirectory = \"{}\"", data.display()).unwrap();
    for adapter in registry::dialects() {
        for version in adapter.versions.iter().map(|version| version.name) {
            let (name, path) = (adapter.name, path(adapter.name, version));
            writeln!(
                text,
                "[[route]]\npath = \"{path}\"\ndialect = \"{name}\"\nversion = \"{version}\""
            )
            .unwrap();
        }
    }
    text
}

/// The body of an answer as JSON.
pub(crate) fn body(mut stream: TcpStream) -> Value {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{head}\n{body}"))
}
