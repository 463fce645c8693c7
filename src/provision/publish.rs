//! Publishes the files of a new store, so that a crash at any moment leaves nothing incomplete.
//!
//! The files are created in a draft directory. One rename of that directory marks them as complete.
//! Then they are moved to their places. After a crash, the next start removes a draft, and finishes
//! the move of complete files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use isogloss_store::{DATABASE, DirectoryLock, SECRET_KEY};

use crate::provision::credentials::CREDENTIALS;

const DRAFT: &str = ".isogloss.draft";
const COMPLETE: &str = ".isogloss.complete";

/// The order in which the files are moved.
const FILES: [&str; 3] = [CREDENTIALS, SECRET_KEY, DATABASE];

/// The draft directory of a new store. It is removed unless it is published.
pub(super) struct Draft<'t> {
    lock: &'t DirectoryLock,
    path: PathBuf,
    kept: bool,
}

impl<'t> Draft<'t> {
    /// Creates an empty draft.
    pub(super) fn begin(lock: &'t DirectoryLock) -> anyhow::Result<Self> {
        let path = lock.directory().join(DRAFT);
        let made = remove(&path).and_then(|()| fs::create_dir(&path));
        made.with_context(|| format!("{} cannot be created", path.display()))?;
        Ok(Self { lock, path, kept: false })
    }

    /// The directory of the draft.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Marks the draft as complete, and moves its files to their places.
    pub(super) fn publish(mut self) -> anyhow::Result<()> {
        // SQLite removes its log at the close. If the log is still there, the database alone is
        // incomplete.
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            if !FILES.iter().any(|file| name == *file) {
                bail!("{} was not closed: {} is left", DATABASE, name.display());
            }
        }
        let complete = self.lock.directory().join(COMPLETE);
        let declared = sync(&self.path)
            .and_then(|()| fs::rename(&self.path, &complete))
            .and_then(|()| sync(self.lock.directory()));
        declared.with_context(|| format!("{} cannot be created", complete.display()))?;
        self.kept = true;
        recover(self.lock)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = remove(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a draft cannot be removed");
        }
    }
}

/// Whether a directory is being initialised, or was at a crash. Locking the directory waits for the
/// first and repairs the second.
pub(crate) fn is_unfinished(directory: &Path) -> bool {
    [DRAFT, COMPLETE].iter().any(|name| directory.join(name).exists())
}

/// Repairs a directory after a crash: moves complete files, removes a draft.
pub(super) fn recover(lock: &DirectoryLock) -> anyhow::Result<()> {
    let directory = lock.directory();
    let failed = || {
        format!("{}: the files of an unfinished first start cannot be moved", directory.display())
    };
    remove(&directory.join(DRAFT)).with_context(failed)?;
    let complete = directory.join(COMPLETE);
    if !complete.try_exists().with_context(failed)? {
        return Ok(());
    }
    for name in FILES {
        publish_file(&complete, directory, name)?;
    }
    remove(&complete).and_then(|()| sync(directory)).with_context(failed)
}

/// Moves a file unless it was moved before. It never overwrites an existing store.
fn publish_file(complete: &Path, directory: &Path, name: &str) -> anyhow::Result<()> {
    let (from, to) = (complete.join(name), directory.join(name));
    if !from.try_exists()? {
        return Ok(());
    }
    if name != CREDENTIALS && to.try_exists()? {
        bail!("{} and {} both exist; move one of them away", from.display(), to.display());
    }
    fs::rename(&from, &to).with_context(|| format!("{} cannot be created", to.display()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits until the renames in a directory are on the disk.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A directory after a crash, in which `moved` files are already in their places.
    async fn crashed(moved: usize) -> (TempDir, DirectoryLock) {
        let folder = TempDir::new().unwrap();
        let lock = DirectoryLock::take(folder.path()).await.unwrap();
        let complete = folder.path().join(COMPLETE);
        fs::create_dir(&complete).unwrap();
        for (at, name) in FILES.iter().enumerate() {
            let place = if at < moved { folder.path() } else { &complete };
            fs::write(place.join(name), name).unwrap();
        }
        (folder, lock)
    }

    #[tokio::test]
    async fn a_move_that_broke_off_anywhere_is_finished() {
        for moved in 0..=FILES.len() {
            let (folder, lock) = crashed(moved).await;
            fs::create_dir(folder.path().join(DRAFT)).unwrap();
            recover(&lock).unwrap();
            assert!(lock.holds_store().unwrap(), "{moved}");
            let mut left: Vec<_> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            left.sort();
            assert_eq!(left, [CREDENTIALS, DATABASE, SECRET_KEY], "{moved}");
        }
    }

    #[tokio::test]
    async fn a_store_that_was_restored_meanwhile_is_not_overwritten() {
        let (folder, lock) = crashed(1).await;
        fs::write(folder.path().join(DATABASE), "restored").unwrap();
        let told = recover(&lock).unwrap_err().to_string();
        assert!(told.contains("both exist"), "{told}");
        assert_eq!(fs::read_to_string(folder.path().join(DATABASE)).unwrap(), "restored");
    }

    #[tokio::test]
    async fn a_draft_that_is_given_up_is_gone() {
        let folder = TempDir::new().unwrap();
        let lock = DirectoryLock::take(folder.path()).await.unwrap();
        let draft = Draft::begin(&lock).unwrap();
        fs::write(draft.path().join(DATABASE), "half").unwrap();
        drop(draft);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
