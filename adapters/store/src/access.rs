//! Files and directories that this process may not use: who owns them, and what to do.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use isogloss_canonical::fault::{Fault, FaultKind};

/// Whether the system refuses, rather than fails.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// The fault for a file or a directory that cannot be used.
#[must_use]
pub fn refused(path: &Path, error: io::Error) -> Fault {
    let shown = path.display();
    let detail = match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            format!("{shown} is on a file system that is mounted read-only; mount it writable")
        }
        io::ErrorKind::StorageFull => format!("{shown}: the disk is full; make room"),
        io::ErrorKind::PermissionDenied => denied(path),
        _ => format!("{shown} cannot be used"),
    };
    Fault::new(FaultKind::Unavailable, detail).because(error)
}

/// Whether a path belongs to somebody else than this process, in words.
pub(crate) fn foreign(path: &Path) -> Option<String> {
    let owner = fs::metadata(path).ok()?.uid();
    let own = own_uid()?;
    (owner != own && own != 0).then(|| {
        format!(
            "{} belongs to user id {owner}, and isogloss runs as user id {own}; run it as that \
             user, or change the owner of the directory and of all its files",
            path.display()
        )
    })
}

fn denied(path: &Path) -> String {
    foreign(path).unwrap_or_else(|| {
        let shown = path.display();
        match fs::metadata(path) {
            Ok(found) if found.permissions().mode() & 0o600 != 0o600 => {
                let mode = found.permissions().mode() & 0o7777;
                format!("{shown} has the mode {mode:o}; give its owner the right to read and write")
            }
            Ok(_) => format!("the system refuses access to {shown}"),
            Err(_) => format!("{shown}: a directory above it refuses access to this user"),
        }
    })
}

/// The user that this process acts as.
fn own_uid() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|process| process.uid())
}
