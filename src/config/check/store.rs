//! The directory of the store: whether it can be written.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::check::report::Check;
use crate::config::finding::Key;

pub(super) fn check(check: &mut Check<'_>) {
    let directory = &check.loaded.settings.store.directory;
    let key = Key::of(&["store", "directory"]);
    if directory.as_os_str().is_empty() {
        return check.refuse(&key, "the path is empty", "a directory that can be written");
    }
    if let Err((place, error)) = try_to_write(directory) {
        let why = isogloss_store::refused(&place, error);
        check.refuse(&key, why.detail.into_owned(), "a directory that can be written");
    }
}

/// Makes a file and takes it away again: in the directory, or where it would be made.
fn try_to_write(directory: &Path) -> Result<(), (PathBuf, io::Error)> {
    let absolute = std::path::absolute(directory).map_err(|why| (directory.to_owned(), why))?;
    for place in absolute.ancestors() {
        match fs::metadata(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((place.to_owned(), error)),
            Ok(_) => {
                let probe = place.join(format!(".isogloss-check-{}", std::process::id()));
                let made = OpenOptions::new().write(true).create_new(true).open(&probe);
                let done = made.and_then(|_| fs::remove_file(&probe));
                return done.map_err(|error| (place.to_owned(), error));
            }
        }
    }
    Ok(())
}
