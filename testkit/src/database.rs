//! Where the state of a test is: in a SQLite file, or in a database on a PostgreSQL server.
//!
//! `scripts/with-postgres` starts the server and sets the variable. Without it, every gateway has a
//! SQLite file of its own. A suite asks for a [`State`], and says nothing about the engine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

/// The variable with the server's URL.
const SERVER: &str = "TEST_POSTGRES_URL";
/// The last part of the server's URL: the database that is always there.
const FIRST: &str = "/postgres";

/// The template of one store, once it is made.
type Slot = Arc<Mutex<Option<String>>>;

static TEMPLATES: LazyLock<Mutex<HashMap<(PathBuf, String), Slot>>> = LazyLock::new(Mutex::default);
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database of one test. It is dropped with the value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

/// The URL of the server, if the tests are to use it.
#[must_use]
pub fn server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the script that starts the server names it")]
    std::env::var(SERVER).ok()
}

/// The state of one test. It is dropped with the last clone.
#[derive(Clone, Debug)]
pub struct State(Option<Arc<Database>>);

impl State {
    /// The state in a data directory, whatever the engine of the tests.
    #[must_use]
    pub const fn in_files() -> Self {
        Self(None)
    }

    /// The state of a copy of a store that nobody has open. If there is a server for tests, it is a
    /// database of its own there. Otherwise it is the file in the copy's data directory.
    ///
    /// `name` stands for the content of the store: copies with the same name are made from the store
    /// that was given first.
    pub fn copy_of(program: &Path, name: &str, store: &Path) -> Result<Self> {
        let copy = server().map(|server| Database::of_store(&server, program, name, store));
        Ok(Self(copy.transpose()?.map(Arc::new)))
    }

    /// The URL of its database. `None`: it is in the data directory.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.0.as_ref().map(|database| database.url())
    }

    /// The table `[state]` of a configuration, or nothing: the default is the data directory.
    #[must_use]
    pub fn table(&self) -> String {
        self.url().map(|url| format!("[state]\nurl = {url:?}\n")).unwrap_or_default()
    }
}

impl Database {
    /// A copy of the store in a directory, on a server. The first copy with these accounts is made
    /// by the program, the others by the server.
    pub fn of_store(server: &str, program: &Path, accounts: &str, store: &Path) -> Result<Self> {
        let key = (program.to_owned(), accounts.to_owned());
        let slot = {
            let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(templates.entry(key).or_default())
        };
        let mut made = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let template = match &*made {
            Some(name) => name.clone(),
            None => made.insert(template(server, program, store)?).clone(),
        };
        drop(made);
        let name = fresh();
        execute(server, &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        Ok(Self { server: server.to_owned(), name })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        at(&self.server, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server ends with the tests. What is left does not matter.
        let _left = execute(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn template(server: &str, program: &Path, store: &Path) -> Result<String> {
    let name = fresh();
    execute(server, &format!("CREATE DATABASE {name}"))?;
    let mut copy = Command::new(program);
    copy.args(["state", "copy", "--from"]).arg(format!("sqlite:{}", store.display()));
    copy.arg("--to").arg(at(server, &name));
    run(copy)?;
    Ok(name)
}

fn fresh() -> String {
    format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn at(server: &str, name: &str) -> String {
    let host = server.strip_suffix(FIRST).unwrap_or(server);
    format!("{host}/{name}")
}

fn execute(server: &str, sql: &str) -> Result<()> {
    let mut psql = Command::new("psql");
    psql.args(["--quiet", "--no-psqlrc", "--command", sql, server]);
    run(psql)
}

fn run(mut command: Command) -> Result<()> {
    let done = command.stdin(Stdio::null()).output().context("starting a program")?;
    let complaint = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?} failed: {}", complaint.trim());
    Ok(())
}
