//! `secret.key`: 32 random bytes with mode 0600.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use isogloss_canonical::fault::{Fault, FaultKind};
use zeroize::Zeroizing;

use crate::access;

/// The bytes of the file.
pub(crate) type MasterSecret = Zeroizing<[u8; 32]>;

/// Reads the file of a directory. Creates it if it is missing.
pub(crate) fn read_or_make(directory: &Path) -> Result<MasterSecret, Fault> {
    read_or_make_at(&directory.join(crate::files::SECRET_KEY))
}

/// Reads a file. Creates it if it is missing.
pub(crate) fn read_or_make_at(path: &Path) -> Result<MasterSecret, Fault> {
    let failed = |error: io::Error| access::refused(path, error);
    if !path.try_exists().map_err(failed)? {
        make(path.parent().unwrap_or(path), path).map_err(failed)?;
    }
    warn_if_open(path);
    read(path)
}

/// Reads a file that must exist.
pub(crate) fn read(path: &Path) -> Result<MasterSecret, Fault> {
    let bytes = Zeroizing::new(fs::read(path).map_err(|error| access::refused(path, error))?);
    let secret = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
        let detail = format!(
            "{} has {} bytes, expected 32; restore it and {} from the same backup",
            path.display(),
            bytes.len(),
            crate::files::DATABASE
        );
        Fault::new(FaultKind::Unexpected, detail)
    })?;
    Ok(Zeroizing::new(secret))
}

/// Writes the file under another name first and renames it, so that a crash never leaves a partial
/// secret.
fn make(directory: &Path, path: &Path) -> io::Result<()> {
    let mut secret = Zeroizing::new([0_u8; 32]);
    getrandom::fill(secret.as_mut_slice())?;
    write(directory, path, &secret)
}

/// Writes a secret to the file of a directory that has none. Another secret there is refused.
pub(crate) fn place(directory: &Path, secret: &MasterSecret) -> Result<(), Fault> {
    let path = directory.join(crate::files::SECRET_KEY);
    let failed = |error: io::Error| access::refused(&path, error);
    if !path.try_exists().map_err(failed)? {
        return write(directory, &path, secret).map_err(failed);
    }
    if read(&path)? == *secret {
        return Ok(());
    }
    let detail = format!("{} has another secret", path.display());
    Err(Fault::new(FaultKind::Conflict, detail))
}

fn write(directory: &Path, path: &Path, secret: &MasterSecret) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(secret.as_slice())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(directory)?.sync_all()
}

fn warn_if_open(path: &Path) {
    let mode = fs::metadata(path).map_or(0, |meta| meta.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "other users can read the secret; run chmod 600 on the file");
    }
}
