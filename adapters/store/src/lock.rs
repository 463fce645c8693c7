//! The lock on a store's directory. Of several processes that open a store at once, one creates and
//! migrates the files; the others wait.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use isogloss_canonical::fault::{Fault, FaultKind};
use tokio::time::sleep;

use crate::access;
use crate::halves::holds_store;

const TIMEOUT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// The file that is created and removed to test whether the directory can be written.
const PROBE: &str = ".isogloss.probe";

/// An exclusive lock on a directory, for reading, creating and opening the store there. It is
/// released when it is dropped or when the process ends.
#[derive(Debug)]
pub struct DirectoryLock {
    directory: PathBuf,
    _lock: File,
}

impl DirectoryLock {
    /// Creates the directory if it is missing, and waits for the lock.
    pub async fn take(directory: &Path) -> Result<Self, Fault> {
        let failed = |error: io::Error| access::refused(directory, error);
        fs::create_dir_all(directory).map_err(failed)?;
        let opened = File::open(directory).map_err(failed)?;
        let start = Instant::now();
        loop {
            match opened.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < TIMEOUT => sleep(PAUSE).await,
                Err(TryLockError::WouldBlock) => return Err(taken(directory)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        check_writable(directory)?;
        Ok(Self { directory: directory.to_owned(), _lock: opened })
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the directory has a store. A database without `secret.key`, or `secret.key` without
    /// a database, is refused. A new file beside the old one would make a backup of the missing one
    /// useless.
    pub fn holds_store(&self) -> Result<bool, Fault> {
        holds_store(&self.directory)
    }
}

fn taken(directory: &Path) -> Fault {
    let detail = format!(
        "{}: another process has been opening the store for {} s; end it, or wait",
        directory.display(),
        TIMEOUT.as_secs()
    );
    Fault::new(FaultKind::Timeout, detail)
}

/// Tests whether the directory can be written. A full disk is accepted: the store can still be
/// read.
fn check_writable(directory: &Path) -> Result<(), Fault> {
    let path = directory.join(PROBE);
    let made = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
    match made.and_then(|_| fs::remove_file(&path)) {
        Err(error) if access::is_refusal(&error) => Err(access::refused(directory, error)),
        _ => Ok(()),
    }
}
