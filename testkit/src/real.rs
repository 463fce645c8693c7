//! A real server of a system, from a package registry. `fixtures/systems/<system>.toml` says how to
//! install and start it. It listens on a free port of the loopback interface.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::client::Base;
use crate::facts::{Facts, Real};
use crate::installed;
use crate::variables::Variables;

/// The limit for the start of a server.
const START: Duration = Duration::from_mins(3);

/// A running server. Dropping it stops the process.
#[derive(Debug)]
pub struct RealServer {
    /// Its base URL.
    pub url: String,
    /// How it was installed and started.
    pub real: Real,
    /// The installed program.
    pub program: PathBuf,
    port: u16,
    process: Child,
    folder: TempDir,
}

impl RealServer {
    /// Installs and starts `N` equal servers of a system, side by side.
    pub fn start<const N: usize>(root: &Path, system: &str) -> Result<[Self; N]> {
        Self::start_changed(root, system, |_| {})
    }

    /// The same, with another way to start or other files.
    pub fn start_changed<const N: usize>(
        root: &Path,
        system: &str,
        change: impl FnOnce(&mut Real),
    ) -> Result<[Self; N]> {
        let facts = Facts::load(&root.join("fixtures"), system)?;
        let mut real = facts.real.with_context(|| format!("{system} has no table [real]"))?;
        change(&mut real);
        let folder = installed::python(root, &[&real.package])?;
        let program = folder.join("bin").join(&real.program);
        let servers: Result<Vec<_>> = (0..N).map(|_| Self::spawn(&real, &program)).collect();
        let mut servers = servers?;
        servers.iter_mut().try_for_each(Self::wait)?;
        servers.try_into().map_err(|_| anyhow::anyhow!("another number of servers"))
    }

    fn spawn(real: &Real, program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, text) in &real.files {
            fs::write(folder.path().join(name), text)?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let path = folder.path().to_str().context("the folder is not UTF-8")?;
        let fill = |word: &String| word.replace("PORT", &port.to_string()).replace("FOLDER", path);
        let log = File::create(folder.path().join("log"))?;
        let process = Command::new(program)
            .args(real.arguments.iter().map(fill))
            .envs(&real.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let url = format!("http://127.0.0.1:{port}");
        let (real, program) = (real.clone(), program.to_owned());
        Ok(Self { url, real, program, port, process, folder })
    }

    /// The folder with its files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until it answers. During the start it may answer 503.
    fn wait(&mut self) -> Result<()> {
        let start = Instant::now();
        while !self.is_ready() {
            let has_ended = self.process.try_wait()?.is_some();
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let may_start = !has_ended && start.elapsed() < START;
            ensure!(may_start, "{} does not start:\n{}", self.real.package, log());
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            && Base::parse(&self.url)
                .and_then(|base| base.send(&self.real.ready, &Variables::default()))
                .is_ok_and(|answer| answer.status == 200)
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}
