//! Checks the two files of a store, and refuses a store of which one is missing or broken.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use isogloss_canonical::fault::{Fault, FaultKind};

use crate::access;
use crate::files::{DATABASE, SECRET_KEY};
use crate::secret_file;

/// The endings of the extra files that SQLite writes for a database.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Checks the files of a directory in the same way as opening the store does. It writes nothing.
pub fn check_files(directory: &Path) -> Result<(), Fault> {
    if !holds_store(directory)? {
        return Ok(());
    }
    secret_file::read(&directory.join(SECRET_KEY))?;
    let path = directory.join(DATABASE);
    File::open(&path).map(drop).map_err(|error| access::refused(&path, error))
}

/// Whether a directory has a store. A database without `secret.key`, or `secret.key` without a
/// database, is refused.
pub(crate) fn holds_store(directory: &Path) -> Result<bool, Fault> {
    let database = size(directory, DATABASE)?;
    let secret = size(directory, SECRET_KEY)?;
    match (database, secret) {
        (Some(1..), Some(1..)) => Ok(true),
        (None, None) => refuse_side_files(directory).map(|()| false),
        (None, _) => Err(half(directory, DATABASE, "is missing", SECRET_KEY)),
        (_, None) => Err(half(directory, SECRET_KEY, "is missing", DATABASE)),
        (Some(0), _) => Err(half(directory, DATABASE, "is empty", SECRET_KEY)),
        (_, Some(0)) => Err(half(directory, SECRET_KEY, "is empty", DATABASE)),
    }
}

/// Refuses a `-wal` or `-journal` file without a database. SQLite would apply it to the new
/// database.
fn refuse_side_files(directory: &Path) -> Result<(), Fault> {
    for end in SIDE_FILES {
        let name = format!("{DATABASE}{end}");
        if size(directory, &name)?.is_some() {
            return Err(half(directory, DATABASE, "is missing", &name));
        }
    }
    Ok(())
}

fn half(directory: &Path, wanting: &str, state: &str, other: &str) -> Fault {
    let detail = format!(
        "{}: {wanting} {state} beside {other}; restore {} and {} from the same backup, or \
         move {other} away to start anew",
        directory.display(),
        DATABASE,
        SECRET_KEY
    );
    Fault::new(FaultKind::Unexpected, detail)
}

fn size(directory: &Path, name: &str) -> Result<Option<u64>, Fault> {
    let path = directory.join(name);
    match fs::metadata(&path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(access::refused(&path, error)),
    }
}
