//! A gateway process in front of an origin. The tests send raw bytes to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The application token of the gateway and of the origin.
pub(crate) const TOKEN: &str = "4f1c0d5e9a7b36284f1c0d5e9a7b36284f1c0d5e9a7b36284f1c0d5e9a7b";
/// `jsonrpc:TOKEN` as Basic authentication.
pub(crate) const BASIC: &str = "Basic anNvbnJwYzo0ZjFjMGQ1ZTlhN2IzNjI4NGYxYzBkNWU5YTdiMzYyODRmMWMwZDVlOWE3\
                     YjM2Mjg0ZjFjMGQ1ZTlhN2I=";

/// The length of the display names of the users of [`Plan::people`], in bytes.
const NAME_LENGTH: usize = 20_000;

/// The options of a gateway process.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    /// The dialect of its one route.
    pub(crate) dialect: &'a str,
    /// The path prefix of the route. Empty: the root.
    pub(crate) path: &'a str,
    /// The URL of the origin. Empty: none.
    pub(crate) origin: &'a str,
    /// The mode of the route; empty: not given.
    pub(crate) mode: &'a str,
    /// More tables of the configuration, for example routes.
    pub(crate) more: &'a str,
    /// More keys of `[server]`.
    pub(crate) server: &'a str,
    /// Users besides the administrator. Each has a display name of [`NAME_LENGTH`] bytes, so that
    /// a list is long and costs little to make.
    pub(crate) people: usize,
}

/// A gateway process in front of an origin.
pub(crate) struct GatewayProcess {
    pub(crate) address: String,
    pub(crate) child: Child,
    pub(crate) folder: tempfile::TempDir,
}

impl Drop for GatewayProcess {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Creates the configuration and the store of a gateway, and does not start it.
pub(crate) fn prepare(plan: &Plan<'_>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut users =
        vec![json!({"username": "admin", "password": "the first secret", "admin": true})];
    let name = "x".repeat(NAME_LENGTH);
    users.extend(
        (0..plan.people)
            .map(|number| json!({"username": format!("person{number}"), "display_name": name})),
    );
    let accounts = json!({
        "users": users,
        "application_keys": [{"dialect": "kanboard", "value": TOKEN}],
    });
    std::fs::write(path("accounts.json"), accounts.to_string()).unwrap();
    let mut config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n{}\n[store]\ndirectory = \"{}\"\n[[route]]\n\
         path = \"{}\"\ndialect = \"{}\"\nbackend = \"people\"\n",
        plan.server,
        path("data").display(),
        plan.path,
        plan.dialect
    );
    if !plan.mode.is_empty() {
        config.extend(["mode = \"", plan.mode, "\"\n"]);
    }
    if !plan.origin.is_empty() {
        config.extend(["[route.origin]\nurl = \"", plan.origin, "\"\n"]);
    }
    config += plan.more;
    std::fs::write(path("gateway.toml"), config).unwrap();
    if plan.mode == "proxy" {
        return folder;
    }
    let made = command(&folder, &["init", "--accounts", path("accounts.json").to_str().unwrap()]);
    let made = { made }.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

/// The program with the configuration in a folder.
pub(crate) fn command(folder: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_isogloss")));
    command.args(arguments).arg("--config").arg(folder.path().join("gateway.toml"));
    command
}

impl GatewayProcess {
    pub(crate) fn start(dialect: &str, origin: &str) -> Self {
        Self::with(&Plan { dialect, origin, ..Plan::default() })
    }

    pub(crate) fn with(plan: &Plan<'_>) -> Self {
        let folder = prepare(plan);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut serve = command(&folder, &["serve"]);
        let child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        Self::of(child, folder)
    }

    /// A gateway whose standard output is a pipe. It reads the address from there.
    pub(crate) fn of(mut child: Child, folder: tempfile::TempDir) -> Self {
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        let address = line.split_whitespace().nth(2).unwrap();
        let address = address.trim_start_matches("http://").to_owned();
        Self { address, child, folder }
    }

    /// A gateway with a given address. It waits until the gateway listens.
    pub(crate) fn at(address: String, child: Child, folder: tempfile::TempDir) -> Self {
        let start = Instant::now();
        while TcpStream::connect(&address).is_err() && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { address, child, folder }
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends raw bytes and reads until the other side closes.
    pub(crate) fn send(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        // A reset after the answer also counts as the end.
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn call(&self, body: &Value) -> Value {
        let answer = self.send(&rpc(&body.to_string()));
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|_| Value::String(answer.clone()))
    }

    /// Its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    /// Waits until the log contains a text.
    pub(crate) fn await_log(&self, text: &str) {
        let start = Instant::now();
        while !self.log().contains(text) {
            assert!(start.elapsed() < Duration::from_mins(1), "no {text}: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Whether the process ends within a time.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < time {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

pub(crate) fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: people.example\r\nConnection: close\r\n{more}\r\n")
}

/// A Kanboard call with this body and the application token.
pub(crate) fn rpc(body: &str) -> String {
    format!(
        "POST /jsonrpc.php HTTP/1.1\r\nHost: people.example\r\nAuthorization: {BASIC}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
