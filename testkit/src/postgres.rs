//! Private PostgreSQL servers: one that a test stops, restarts and cuts off, and its standby.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Where Debian installs the programs of each version.
const INSTALLED: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root. Debian's package has made this user for it.
const USER: &str = "postgres";
/// Without fsync. A test kills processes, not the machine.
const FAST: [&str; 4] =
    ["fsync=off", "full_page_writes=off", "unix_socket_directories=", "max_connections=60"];

/// The first port of the servers, and how many there are.
const FIRST_PORT: u32 = 20_000;
const PORTS: u32 = 12_000;
/// How many ports this process has tried.
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A server on a free port of 127.0.0.1. It ends with the value.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
}

impl Postgres {
    /// Starts a new server, with further settings, such as `ssl=on`. The user `isogloss` needs no
    /// password.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let mut server = Self::new(settings)?;
        let cluster = server.cluster();
        server.run("initdb", &["--username=isogloss", "--auth=trust", "--encoding=UTF8"])?;
        let access = "host replication all 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 trust\n";
        fs::write(cluster.join("pg_hba.conf"), access)?;
        server.launch()?;
        Ok(server)
    }

    /// Starts a standby that follows this server.
    pub fn standby(&self) -> Result<Self> {
        let mut standby = Self::new(&[])?;
        let source = format!("--dbname={}", self.url("postgres"));
        standby.run("pg_basebackup", &[&source, "--write-recovery-conf", "--checkpoint=fast"])?;
        standby.launch()?;
        Ok(standby)
    }

    fn new(settings: &[&str]) -> Result<Self> {
        let mut versions: Vec<_> = fs::read_dir(INSTALLED)
            .context("PostgreSQL is missing (Debian's package postgresql)")?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        versions.sort_by_key(|path| path.file_name()?.to_str()?.parse::<u32>().ok());
        let programs = versions.pop().context("PostgreSQL is missing")?.join("bin");
        let folder = tempfile::tempdir()?;
        if let Some((user, group)) = owner()? {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let port = free_port()?;
        let settings = FAST.iter().chain(settings).map(|setting| (*setting).to_owned()).collect();
        Ok(Self { folder, programs, port, settings })
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the cluster, with `pg_hba.conf`.
    #[must_use]
    pub fn cluster(&self) -> PathBuf {
        self.folder.path().join("cluster")
    }

    /// Gives a file to the user that runs the server. Only that user can read it.
    pub fn own(&self, file: &Path) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
        if let Some((user, group)) = owner()? {
            chown(file, Some(user), Some(group))?;
        }
        Ok(())
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://isogloss@127.0.0.1:{}/{database}", self.port)
    }

    /// Executes a statement, and answers its output without headings.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new("psql");
        psql.args(["--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--command", sql]);
        finish(psql.arg(self.url(database)))
    }

    /// Starts the server again after [`Postgres::stop`], on the same port.
    pub fn launch(&mut self) -> Result<()> {
        let mut options = format!("-c port={} -c listen_addresses=127.0.0.1", self.port);
        for setting in &self.settings {
            options = format!("{options} -c {setting}");
        }
        let log = format!("--log={}", self.folder.path().join("log").display());
        self.run("pg_ctl", &[&log, "--wait", &format!("--options={options}"), "start"])
    }

    /// Stops the server at once, as a crash does.
    pub fn stop(&self) -> Result<()> {
        self.run("pg_ctl", &["--mode=immediate", "stop"])
    }

    /// Reads the changed settings.
    pub fn reload(&self) -> Result<()> {
        self.run("pg_ctl", &["reload"])
    }

    /// Makes a standby the primary server.
    pub fn promote(&self) -> Result<()> {
        self.run("pg_ctl", &["--wait", "promote"])
    }

    fn run(&self, program: &str, words: &[&str]) -> Result<()> {
        let path = self.programs.join(program);
        let mut command = if owner()?.is_some() {
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={USER}"), format!("--regid={USER}")]);
            command.arg("--init-groups").arg(path);
            command
        } else {
            Command::new(path)
        };
        command.arg("--pgdata").arg(self.cluster()).args(words).current_dir(self.folder.path());
        finish(&mut command).map(drop)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ended = self.stop();
    }
}

/// A free port below those that the kernel gives to clients. So no connection has it while the server
/// is stopped.
fn free_port() -> Result<u16> {
    let first = std::process::id().wrapping_mul(97) % PORTS;
    let next = || first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % PORTS;
    let ports = std::iter::repeat_with(next).take(PORTS as usize);
    let mut ports = ports.filter_map(|at| u16::try_from(FIRST_PORT + at).ok());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).context("no port is free")
}

/// The user and the group of the server, if the tests run as root.
fn owner() -> Result<Option<(u32, u32)>> {
    if finish(Command::new("id").arg("-u"))?.trim() != "0" {
        return Ok(None);
    }
    let number = |option| -> Result<u32> {
        Ok(finish(Command::new("id").args([option, USER]))?.trim().parse()?)
    };
    Ok(Some((number("-u")?, number("-g")?)))
}

/// Runs a program to its end. What it starts in the background must not keep its output open, so the
/// output goes to a file.
fn finish(command: &mut Command) -> Result<String> {
    let output = tempfile::NamedTempFile::new()?;
    command.stdin(Stdio::null());
    command.stdout(output.reopen()?).stderr(output.reopen()?);
    let done = command.status().with_context(|| format!("starting {command:?}"))?;
    let told = fs::read_to_string(output.path())?;
    ensure!(done.success(), "{command:?} failed: {}", told.trim());
    Ok(told)
}
