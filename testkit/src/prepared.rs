//! Stores that are initialised once in a test process. Each test gets a copy.
//!
//! To initialise a store takes a process, the migrations and a hash for each password. Most tests of
//! a suite start with the same accounts.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

/// The files of a folder, in memory.
#[derive(Debug)]
pub struct Files(Vec<(PathBuf, u32, Vec<u8>)>);

impl Files {
    /// Reads the files of a folder. It has no folders in it.
    pub fn read(folder: &Path) -> Result<Self> {
        let listed =
            fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
        let files = listed.map(|entry| {
            let entry = entry?;
            let mode = entry.metadata()?.permissions().mode();
            Ok((PathBuf::from(entry.file_name()), mode, fs::read(entry.path())?))
        });
        Ok(Self(files.collect::<Result<_>>()?))
    }

    /// Writes them into a folder, which is made.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        for (name, mode, bytes) in &self.0 {
            let path = folder.join(name);
            fs::write(&path, bytes)?;
            fs::set_permissions(&path, Permissions::from_mode(*mode))?;
        }
        Ok(())
    }
}

/// What one key stands for, once it is made.
type Slot = Arc<Mutex<Option<Arc<Files>>>>;

/// The stores by program and accounts.
static STORES: LazyLock<Mutex<HashMap<(PathBuf, String), Slot>>> = LazyLock::new(Mutex::default);

/// Writes a store with these accounts into a folder. The program initialises it at the first time.
pub fn write(program: &Path, accounts: &str, folder: &Path) -> Result<()> {
    let key = (program.to_owned(), accounts.to_owned());
    let slot = {
        let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(stores.entry(key).or_default())
    };
    // Others that want the same store wait here, and not those that want another one.
    let mut made = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let files = match &*made {
        Some(files) => Arc::clone(files),
        None => Arc::clone(made.insert(Arc::new(initialised(program, accounts)?))),
    };
    drop(made);
    files.write(folder)
}

fn initialised(program: &Path, accounts: &str) -> Result<Files> {
    let folder = tempfile::Builder::new().prefix("isogloss-").tempdir()?;
    let (store, file) = (folder.path().join("data"), folder.path().join("accounts.json"));
    fs::write(&file, accounts)?;
    let mut init = Command::new(program);
    init.arg("init").arg("--data-dir").arg(&store).arg("--accounts").arg(&file);
    let made = init.stdin(Stdio::null()).output().context("starting the gateway")?;
    let complaint = String::from_utf8_lossy(&made.stderr);
    ensure!(made.status.success(), "init failed: {}", complaint.trim());
    Files::read(&store)
}
