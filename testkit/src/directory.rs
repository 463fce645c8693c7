//! A directory (LDAP) for tests: Debian's slapd on a free port, with the entries of a scenario.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

/// The limit for the start, for a busy machine.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The first part of the configuration. It loads the schemas and the database module of Debian's
/// package.
const SERVER: &str = "\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
";

/// The part of the configuration about the only database.
const DATABASE: &str = "\
database mdb
maxsize 10485760
suffix dc=test
rootdn cn=admin,dc=test
directory ";

/// A running directory. Dropping it ends the process.
#[derive(Debug)]
pub struct Directory {
    /// Its URL.
    pub url: String,
    child: Child,
    _folder: TempDir,
}

impl Directory {
    /// Starts a directory with the entries of an LDIF file. The suffix is `dc=test`.
    pub fn start(entries: &Path) -> Result<Self> {
        Self::start_with(entries, "")
    }

    /// The same, with more lines in the server's configuration.
    pub fn start_with(entries: &Path, further: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("isogloss-ldap-").tempdir()?;
        let database = folder.path().join("database");
        fs::create_dir(&database)?;
        let configuration = folder.path().join("slapd.conf");
        fs::write(&configuration, format!("{SERVER}{further}{DATABASE}{}\n", database.display()))?;
        let mut add = Command::new(program("slapadd")?);
        let added = add.arg("-f").arg(&configuration).arg("-l").arg(entries).output()?;
        let complaint = String::from_utf8_lossy(&added.stderr);
        ensure!(added.status.success(), "slapadd failed: {complaint}");
        let address = free_address()?;
        let url = format!("ldap://{address}");
        let child = Command::new(program("slapd")?)
            .arg("-f")
            .arg(&configuration)
            .args(["-d", "0", "-h", &format!("{url}/")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting slapd")?;
        let mut directory = Self { url, child, _folder: folder };
        directory.await_start(&address)?;
        Ok(directory)
    }

    fn await_start(&mut self, address: &str) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("slapd ended at once: {status}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("slapd did not listen within {TIMEOUT:?}")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
    let found =
        places.map(|place| Path::new(place).join(name)).into_iter().find(|file| file.exists());
    found.with_context(|| {
        format!("{name} is not installed (Debian's package slapd): ./test installs it")
    })
}

fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const ENTRIES: &str = "dn: dc=test
objectClass: dcObject
objectClass: organization
dc: test
o: test

dn: ou=People,dc=test
objectClass: organizationalUnit
ou: People

dn: uid=tr_fry,ou=People,dc=test
objectClass: inetOrgPerson
uid: tr_fry
cn: Philip J. Fry
sn: Fry
";

    #[test]
    fn holds_the_entries() {
        let mut entries = tempfile::NamedTempFile::new().unwrap();
        entries.write_all(ENTRIES.as_bytes()).unwrap();
        let directory = Directory::start(entries.path()).unwrap();
        let mut search = Command::new("ldapsearch");
        search.args([
            "-x",
            "-LLL",
            "-H",
            &directory.url,
            "-b",
            "ou=People,dc=test",
            "uid=tr_fry",
            "cn",
        ]);
        let found = search.output().unwrap();
        assert!(String::from_utf8_lossy(&found.stdout).contains("cn: Philip J. Fry"), "{found:?}");
    }
}
