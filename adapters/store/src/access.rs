//! Faults for files and directories that this process may not use. The detail names the owner and
//! the remedy.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use isogloss_canonical::fault::{Fault, FaultKind};

/// Whether the operating system refused access. Every other error is a failure.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// The fault for a file or a directory that cannot be used.
#[must_use]
pub fn refused(path: &Path, error: io::Error) -> Fault {
    let shown = path.display();
    let is = |kind| error.kind() == kind;
    let detail = if is(io::ErrorKind::ReadOnlyFilesystem) {
        format!("{shown} is on a file system that is mounted read-only; mount it writable")
    } else if is(io::ErrorKind::StorageFull) {
        format!("{shown}: the disk is full; make room")
    } else if is(io::ErrorKind::PermissionDenied) {
        denied(path)
    } else {
        format!("{shown} cannot be used")
    };
    Fault::new(FaultKind::Unavailable, detail).because(error)
}

/// A sentence for the operator, if the path belongs to another user than the one this process runs
/// as.
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

/// The user id of this process.
fn own_uid() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|process| process.uid())
}
