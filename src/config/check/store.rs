//! Checks the directory of the store: whether it can be written, and whether its files are
//! complete.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::backends::sidecar_directory;
use crate::config::check::report::Check;
use crate::config::finding::{Finding, Findings, Key, Severity};
use crate::config::load::Loaded;
use crate::config::values;
use crate::provision::bootstrap::words;
use crate::provision::publish::is_unfinished;
use crate::systems::Systems;

pub(super) fn check(check: &mut Check<'_>) {
    let directory = &check.loaded.settings.store.directory;
    let key = Key::of(&["store", "directory"]);
    let settings = &check.loaded.settings;
    if !settings.route.is_empty() && !settings.has_accounts() {
        // The directory holds only what is counted: without it the gateway serves all the same.
        if let Err((place, error)) = try_to_write(directory) {
            let problem = format!("{}: {error}: calls are not counted", place.display());
            check.warn(&key, problem, "a directory that can be written");
        }
        return;
    }
    if directory.as_os_str().is_empty() {
        return check.refuse(&key, "the path is empty", "a directory that can be written");
    }
    if let Err((place, error)) = try_to_write(directory) {
        let why = isogloss_store::refused(&place, error);
        check.refuse(&key, why.detail.into_owned(), "a directory that can be written");
    }
}

/// Checks the files of the store and of each sidecar in the same way as opening them does. It
/// writes nothing.
///
/// `serve` and the other commands do not need this check. They open the files under a lock, so they
/// wait for a process that is creating them.
#[must_use]
pub fn check_files(loaded: &Loaded, systems: Systems) -> Findings {
    let (settings, mut findings) = (&loaded.settings, Findings::default());
    let directory = &settings.store.directory;
    let remote = settings.backend.iter();
    let remote = remote.filter(|(_, backend)| systems.is_remote(&backend.system));
    let sidecars =
        remote.map(|(name, _)| (Key::backend(name, &[]), sidecar_directory(directory, name)));
    // With a database server the directory has only the secret.
    let own = values::server(settings).is_none();
    let own = own.then(|| (Key::of(&["store", "directory"]), directory.clone()));
    for (key, directory) in own
        .into_iter()
        .chain(sidecars)
        .filter(|(_, directory)| directory.is_dir() && !is_unfinished(directory))
    {
        if let Err(fault) = isogloss_store::check_files(&directory) {
            let (place, key) = (loaded.sources.find(&key), key.to_string());
            let (problem, expected) = (words(&fault), String::new());
            findings.add(Finding { severity: Severity::Error, place, key, problem, expected });
        }
    }
    findings
}

/// Creates a file in the directory and removes it. If the directory does not exist, it uses the
/// directory above.
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
