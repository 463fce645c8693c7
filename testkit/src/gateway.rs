//! A gateway process for tests: the built program with a fresh store. Dropping it ends the process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::client::Base;
use crate::database::State;
use crate::prepared;
use crate::profile::Setup;

/// The name of its configuration file.
const CONFIG: &str = "gateway.toml";
/// The file of its master secret.
const SECRET: &str = "secret.key";
/// The limit for the start, for a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Its base URL.
    pub url: String,
    child: Child,
    folder: TempDir,
    /// Its state, which it shares with its twin.
    state: State,
}

impl Gateway {
    /// Serves the dialect on a free port, with a store that has the accounts and with the most
    /// verbose log.
    ///
    /// If there is a PostgreSQL server for tests, the store is a database on it.
    pub fn start(program: &Path, setup: &Setup) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("isogloss-").tempdir()?;
        let program = &program.canonicalize().context("the gateway is not built")?;
        let (accounts, data) = (setup.accounts.to_string(), folder.path().join("data"));
        prepared::write(program, &accounts, &data)?;
        let state = State::copy_of(program, &accounts, &data)?;
        Self::serve(program, setup, (folder, state))
    }

    /// The same with its state in a file, also if the tests use a server: it plays a system.
    pub fn as_system(program: &Path, setup: &Setup) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("isogloss-").tempdir()?;
        let program = &program.canonicalize().context("the gateway is not built")?;
        prepared::write(program, &setup.accounts.to_string(), &folder.path().join("data"))?;
        Self::serve(program, setup, (folder, State::in_files()))
    }

    /// Another gateway with the same state. `None`: the state is a file, which one gateway has.
    pub fn twin(&self, program: &Path, setup: &Setup) -> Result<Option<Self>> {
        if self.state.url().is_none() {
            return Ok(None);
        }
        let folder = tempfile::Builder::new().prefix("isogloss-").tempdir()?;
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        fs::copy(self.data_dir().join(SECRET), data.join(SECRET))?;
        let program = &program.canonicalize().context("the gateway is not built")?;
        Self::serve(program, setup, (folder, self.state.clone())).map(Some)
    }

    /// Serves the dialect with a copy of a store and with this configuration. The state is in the
    /// copy, also if the tests use a server.
    pub fn on(program: &Path, setup: &Setup, store: &Path, config: &str) -> Result<Self> {
        Self::with(program, setup, (store, State::in_files()), config)
    }

    /// The same with this state.
    pub fn with(
        program: &Path,
        setup: &Setup,
        (store, state): (&Path, State),
        config: &str,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("isogloss-").tempdir()?;
        copy(store, &folder.path().join("data"))?;
        fs::write(folder.path().join(CONFIG), config)?;
        let program = &program.canonicalize().context("the gateway is not built")?;
        Self::serve(program, setup, (folder, state))
    }

    fn serve(program: &Path, setup: &Setup, (folder, state): (TempDir, State)) -> Result<Self> {
        let mut command = command(program, setup, folder.path())?;
        if let Some(url) = state.url() {
            command.env("ISOGLOSS__STATE__URL", url);
        }
        let mut child = command.spawn().context("starting the gateway")?;
        match await_url(&mut child, folder.path()) {
            Ok(url) => Ok(Self { url, child, folder, state }),
            Err(error) => {
                stop(&mut child);
                Err(error)
            }
        }
    }

    /// Ends the process. Its data stay until the value is dropped.
    pub fn stop(&mut self) {
        stop(&mut self.child);
    }

    /// Its base URL, parsed.
    pub fn base(&self) -> Result<Base> {
        Base::parse(&self.url)
    }

    /// The folder of its data.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that it has printed and logged.
    pub fn log(&self) -> Result<String> {
        let read = |name: &str| fs::read(self.folder.path().join(name));
        let both = [read("stdout")?, read("stderr")?].concat();
        Ok(String::from_utf8_lossy(&both).into_owned())
    }
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let path = entry?.path();
        let to = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, &to)?;
        }
    }
    Ok(())
}

impl Drop for Gateway {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn command(program: &Path, setup: &Setup, folder: &Path) -> Result<Command> {
    let mut serve = Command::new(program);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "trace"]);
    serve.args(["--dialect", &setup.dialect]).arg("--data-dir").arg(folder.join("data"));
    let config = folder.join(CONFIG);
    if config.exists() {
        serve.arg("--config").arg(config);
    }
    if let Some(version) = &setup.version {
        serve.args(["--dialect-version", version]);
    }
    if let Some(url) = &setup.origin {
        serve.args(["--origin", url]);
    }
    for (name, value) in &setup.options {
        serve.args(["--option", &format!("{name}={}", setup.variables.fill_text(value)?)]);
    }
    for (name, value) in &setup.settings {
        serve.env(name, setup.variables.fill_text(value)?);
    }
    let out = File::create(folder.join("stdout"))?;
    let err = File::create(folder.join("stderr"))?;
    serve.current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(err);
    Ok(serve)
}

/// Waits for the line `listening on http://ADDRESS (DIALECT)` and reads the address.
fn await_url(child: &mut Child, folder: &Path) -> Result<String> {
    let start = Instant::now();
    while start.elapsed() < TIMEOUT {
        let ended = child.try_wait()?;
        let lines = BufReader::new(File::open(folder.join("stdout"))?).lines();
        for line in lines.map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once("listening on ")
                && let Some((url, _)) = rest.split_once(" (")
            {
                return Ok(url.to_owned());
            }
        }
        if let Some(status) = ended {
            let complaint = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
            let last: Vec<_> = complaint.lines().rev().take(3).collect();
            bail!("the gateway ended at once ({status}): {}", last.join(" / "));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("the gateway did not say within {TIMEOUT:?} where it listens")
}

fn stop(child: &mut Child) {
    // The process may have ended already. Then the error does not matter.
    let _ended = child.kill().and_then(|()| child.wait());
}
