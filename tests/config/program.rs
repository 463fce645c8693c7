//! The program, run in a working directory of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The limit for the program to refuse a configuration.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A working directory with the files that the fixtures name.
pub(crate) struct Workdir(TempDir);

/// The result of a run.
pub(crate) struct Done {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) complaint: String,
}

impl Workdir {
    pub(crate) fn new() -> Self {
        let workdir = Self(tempfile::tempdir().unwrap());
        workdir.write("empty", "");
        workdir.write("secret", "abc\n");
        workdir.write(
            "broken.pem",
            "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
        );
        workdir.certificate();
        workdir
    }

    /// Creates a self-signed certificate, and a file with the certificate and its key.
    fn certificate(&self) {
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                     -subj /CN=localhost -addext subjectAltName=DNS:localhost \
                     -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out ca.pem";
        let mut openssl = Command::new("openssl");
        openssl.args(words.split_whitespace()).current_dir(self.0.path());
        let done = openssl.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let read = |name: &str| std::fs::read_to_string(self.0.path().join(name)).unwrap();
        self.write("identity.pem", &(read("ca.pem") + &read("key.pem")));
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    /// The names of the files in the directory.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let all = std::fs::read_dir(self.0.path()).unwrap();
        all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub(crate) fn run(&self, words: &[&str], file: &Path, variables: &[(String, String)]) -> Done {
        let words = [words, &[file.to_str().unwrap()]].concat();
        self.run_words(&words, variables)
    }

    /// Runs a command. If it does not end in time, it is killed.
    pub(crate) fn run_words(&self, words: &[&str], variables: &[(String, String)]) -> Done {
        let output = |name: &str| std::fs::File::create(self.0.path().join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_isogloss"));
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("EMPTY_VARIABLE", "").stdout(output(".out")).stderr(output(".complaint"));
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if began.elapsed() < TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break None;
                }
            }
        };
        let read = |name: &str| {
            let path = self.0.path().join(name);
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            text
        };
        Done { status, out: read(".out"), complaint: read(".complaint") }
    }
}

/// A gateway with all four dialects. It ends with the test.
pub(crate) struct Server {
    child: std::process::Child,
    /// Its base URL.
    pub(crate) url: String,
    /// The first credentials.
    pub(crate) credentials: serde_json::Value,
    _workdir: Workdir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let workdir = Workdir::new();
        let out = workdir.0.path().join(".out");
        let mut command = Command::new(env!("CARGO_BIN_EXE_isogloss"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(workdir.0.path());
        command.stdin(Stdio::null()).stdout(std::fs::File::create(&out).unwrap());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        let url = loop {
            let said = std::fs::read_to_string(&out).unwrap();
            if let Some((_, rest)) = said.split_once("listening on ")
                && let Some((url, _)) = rest.split_once(' ')
            {
                break url.to_owned();
            }
            assert!(began.elapsed() < TIMEOUT, "it did not start: {said}");
            std::thread::sleep(Duration::from_millis(10));
        };
        let credentials = std::fs::read(workdir.0.path().join("data/credentials.json")).unwrap();
        let credentials = serde_json::from_slice(&credentials).unwrap();
        Self { child, url, credentials, _workdir: workdir }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
