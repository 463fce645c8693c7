//! A real OctoPrint from PyPI. It is installed once below `target/real`, started on a free port of
//! the loopback interface, and stopped after the run.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use isogloss_canonical::command::Command as Ask;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::user::UserRef;
use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::fixture::{Fixture, System};
use crate::keys::{find, issue};
use crate::people::{create, new};
use crate::{block_on, cases, play};

/// The version that the suite was written for.
const OCTOPRINT: &str = "OctoPrint==1.11.8";
/// The API key of its administrator.
const KEY: &str = "5f1d7a84c0de4d6c9b3e2a170f86d3b5";
/// The limit for its start.
const PATIENCE: Duration = Duration::from_secs(90);

/// Its configuration: no wizard, no internet access, and no limit on logins, because one case tries
/// many wrong passwords.
const CONFIG: &str = "
server: {firstRun: false, onlineCheck: {enabled: false}, pluginBlacklist: {enabled: false}}
accessControl: {salt: isogloss}
devel: {enableRateLimiter: false}
plugins:
  _disabled: [achievements, announcements, backup, discovery, errortracking, pluginmanager,
    softwareupdate, tracking]
";

/// Runs all cases.
pub(crate) fn octoprint() -> Result<(), Failed> {
    if left_out() {
        eprintln!("!!! OCTOPRINT ITSELF WAS NOT RUN: ISOGLOSS_SKIP_CLIENTS is set !!!");
        return Ok(());
    }
    suite().map_err(|error| format!("{error:#}").into())
}

fn left_out() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("ISOGLOSS_SKIP_CLIENTS") && !set("CI")
}

fn suite() -> Result<()> {
    let server = OctoPrint::start(&installed()?)?;
    block_on(async {
        for case in cases() {
            eprintln!("octoprint itself: {}", case.name);
            let bench = Fixture::live("octoprint", &server.url, KEY).await?;
            play(&bench, &case).await;
            bench.fixture.close().await;
        }
        successor(&server.url).await?;
        refused_key(&server.url).await
    })
}

/// A user is deleted directly in the system. A successor inherits nothing.
async fn successor(url: &str) -> Result<()> {
    let bench = Fixture::live("octoprint", url, KEY).await?;
    let ada = create(&bench, new("ada")).await;
    issue(&bench, &ada).await;
    bench.done(find()).await;
    let other = Fixture::live("octoprint", url, KEY).await?;
    other.fixture.close().await;
    bench.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
    let next = create(&bench, new("ada")).await;
    ensure!(next.id != ada.id, "an id was used twice");
    bench.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
    bench.fixture.close().await;
    Ok(())
}

/// A key that the server refuses is an outage, for every request.
async fn refused_key(url: &str) -> Result<()> {
    let system = System { name: "octoprint", version: None };
    let bench = Fixture::over(None, system, url, "no key").await?;
    for name in ["admin", "nobody"] {
        let user = || UserRef::Name(name.to_owned());
        for command in [Ask::GetUser(user()), Ask::DeleteUser(user()), Ask::ListUsers] {
            bench.fails(command, FaultKind::Unavailable, None).await;
        }
    }
    bench.fixture.close().await;
    Ok(())
}

/// The program, in its own Python environment.
fn installed() -> Result<PathBuf> {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/real");
    let (folder, done) = (real.join(OCTOPRINT), real.join(format!("{OCTOPRINT}.installed")));
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let quiet = ["install", "--quiet", "--disable-pip-version-check", OCTOPRINT];
        run(Command::new(folder.join("bin/pip")).args(quiet))?;
        fs::write(&done, "")?;
    }
    Ok(folder.join("bin/octoprint"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed:\n{said}");
    Ok(())
}

/// A running server. Dropping it stops the process.
struct OctoPrint {
    process: Child,
    url: String,
    folder: TempDir,
}

impl OctoPrint {
    fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("config.yaml"), CONFIG)?;
        let admin = format!(
            "_version: 2\nadmin: {{active: true, apikey: {KEY}, groups: [users, admins], \
             password: '', permissions: [], roles: [user, admin], settings: {{}}}}\n"
        );
        fs::write(folder.path().join("users.yaml"), admin)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = File::create(folder.path().join("log"))?;
        let process = Command::new(program)
            .args(["serve", "--iknowwhatimdoing", "--host", "127.0.0.1", "--port"])
            .arg(port.to_string())
            .arg("--basedir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut server = Self { process, url: format!("http://127.0.0.1:{port}"), folder };
        server.wait(port)?;
        Ok(server)
    }

    /// Waits until it answers. During the start a small server answers 503.
    fn wait(&mut self, port: u16) -> Result<()> {
        let start = Instant::now();
        loop {
            let gone = self.process.try_wait()?.is_some();
            if gone || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("OctoPrint does not start:\n{log}");
            }
            let ready = TcpStream::connect(("127.0.0.1", port)).is_ok() && block_on(self.ready());
            if ready {
                return Ok(());
            }
            sleep(Duration::from_millis(500));
        }
    }

    async fn ready(&self) -> bool {
        match Fixture::live("octoprint", &self.url, KEY).await {
            Ok(bench) => {
                bench.fixture.close().await;
                true
            }
            Err(_) => false,
        }
    }
}

impl Drop for OctoPrint {
    fn drop(&mut self) {
        let stopped = self.process.kill().and_then(|()| self.process.wait());
        drop(stopped);
    }
}
