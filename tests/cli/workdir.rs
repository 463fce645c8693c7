//! The program, run in a working directory of its own for each test.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");

/// The limit for a start or a stop, for a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) struct Workdir(TempDir);

impl Workdir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The default directory of the store.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let done = self.command(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    pub(crate) fn ok_reading(&self, file: &str, words: &[&str]) -> String {
        let input = std::fs::File::open(self.0.path().join(file)).unwrap();
        let done = self.command(words).stdin(input).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Runs a command that must fail. Returns its error, which is one line.
    pub(crate) fn fails(&self, words: &[&str]) -> String {
        let done = self.command(words).output().unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success(), "{words:?} should fail: {told}");
        assert!(told.starts_with("isogloss: "), "{told}");
        told
    }

    /// Starts `serve` on a free port.
    pub(crate) fn serve(&self, words: &[&str]) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(words);
        self.start("out", command).ready()
    }

    /// Starts a command that serves. Its output goes to files with this name.
    pub(crate) fn start(&self, name: &str, command: Command) -> Server {
        let out = File::create(self.0.path().join(name)).unwrap();
        self.start_into(name, command, out.into())
    }

    /// The same, with another standard output.
    pub(crate) fn start_into(&self, name: &str, mut command: Command, stdout: Stdio) -> Server {
        let out = self.0.path().join(name);
        let errors = self.0.path().join(format!("{name}.err"));
        command.stdout(stdout).stderr(File::create(&errors).unwrap());
        Server { child: command.spawn().unwrap(), out, errors, address: String::new() }
    }

    /// The credentials file of the first start.
    pub(crate) fn credentials(&self) -> Value {
        let text = std::fs::read(self.data().join("credentials.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The names in the store's directory, without SQLite's log. A stop during a request leaves the
    /// log to the next start.
    pub(crate) fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.data()).unwrap();
        let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names
            .filter(|name| !name.ends_with(".sqlite-wal") && !name.ends_with("-shm"))
            .collect();
        names.sort();
        names
    }
}

pub(crate) struct Server {
    child: Child,
    out: PathBuf,
    errors: PathBuf,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Server {
    /// Waits until it listens.
    pub(crate) fn ready(mut self) -> Self {
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            let said = self.said();
            if let Some((_, rest)) = said.split_once("listening on http://")
                && let Some((address, _)) = rest.split_once(" (")
            {
                address.clone_into(&mut self.address);
                return self;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended at once: {said} {}", self.complained());
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not start");
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard error.
    pub(crate) fn complained(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Calls Kanboard's API with the application token. Returns the body.
    pub(crate) fn ask(&self, credentials: &Value, method: &str, params: &Value) -> Value {
        let token = credentials["kanboard"]["api_token"].as_str().unwrap();
        let pair = STANDARD.encode(format!("jsonrpc:{token}"));
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.call(&pair, &body.to_string());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// Its standard output.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.get_with(path, "Accept: */*")
    }

    pub(crate) fn get_with(&self, path: &str, header: &str) -> String {
        self.send("127.0.0.1", &format!("GET {path}"), header, "")
    }

    pub(crate) fn get_for(&self, host: &str, path: &str) -> String {
        self.get_for_with(host, path, "Accept: */*")
    }

    pub(crate) fn get_for_with(&self, host: &str, path: &str, header: &str) -> String {
        self.send(host, &format!("GET {path}"), header, "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> String {
        let length = format!("Content-Length: {}", body.len());
        self.send("127.0.0.1", &format!("POST {path}"), &length, body)
    }

    /// Sends a form with a cookie, as a browser does.
    pub(crate) fn post_form(&self, path: &str, cookie: &str, form: &str) -> String {
        let header = format!(
            "Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}",
            form.len()
        );
        self.send("127.0.0.1", &format!("POST {path}"), &header, form)
    }

    /// Calls Kanboard's API with Basic credentials.
    pub(crate) fn call(&self, pair: &str, body: &str) -> String {
        let header = format!("Authorization: Basic {pair}\r\nContent-Length: {}", body.len());
        self.send("127.0.0.1", "POST /kanboard/jsonrpc.php", &header, body)
    }

    fn send(&self, host: &str, line: &str, header: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let head =
            format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // The gateway may refuse a body that is too large before it has read all of it.
        let _refused = stream.write_all(body.as_bytes());
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            answer.extend_from_slice(&piece[..count]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Signs in to Dandelion from an address that a trusted proxy names.
    pub(crate) fn sign_in_from(&self, client: &str, name: &str, password: &str) -> String {
        let body = format!("user={name}&pass={password}");
        let header = format!(
            "X-Forwarded-For: {client}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}",
            body.len()
        );
        self.send("127.0.0.1", "POST /dandelion/login", &header, &body)
    }

    /// Stops the process with SIGTERM, as a service manager does. It must exit with success.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            if let Some(status) = self.child.try_wait().unwrap() {
                return assert_eq!(status.code(), Some(0), "{status}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not stop");
    }
}
