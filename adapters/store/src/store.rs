//! An open store.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::secret::Secret;

use crate::database::Database;
use crate::health::Health;
use crate::inner::Inner;
use crate::lock::DirectoryLock;
use crate::numbered::Numbered;
use crate::passwords::Passwords;
use crate::pruning;
use crate::sealing::Seals;
use crate::secret_file;
use crate::write_counts::WriteCounts;

/// The embedded store. Clones share one database.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

impl Store {
    /// Opens the store in a directory. Creates the directory and the store if they are missing.
    pub async fn open(directory: &Path, namespaces: Vec<Numbered>) -> Result<Self, Fault> {
        Self::open_in(&DirectoryLock::take(directory).await?, namespaces).await
    }

    /// The same for a caller that holds the lock on the directory.
    pub async fn open_in(lock: &DirectoryLock, namespaces: Vec<Numbered>) -> Result<Self, Fault> {
        let directory = lock.directory();
        lock.holds_store()?;
        let secret = secret_file::read_or_make(directory)?;
        let seals = Seals::from_secret(&secret);
        let database = Database::open(directory).await?;
        let inner = Inner {
            database,
            namespaces,
            seals,
            passwords: Passwords::new()?,
            pruning: WriteCounts::default(),
            health: Health::default(),
        };
        inner.check_secret().await?;
        inner.introduce_namespaces().await?;
        let inner = Arc::new(inner);
        tokio::spawn(pruning::keep(Arc::downgrade(&inner), pruning::PAUSE));
        Ok(Self(inner))
    }

    /// Whether [`Store::mark_initialised`] was called on this database before.
    pub async fn is_initialised(&self) -> Result<bool, Fault> {
        Ok(self.0.database.meta("initialised").await?.is_some())
    }

    /// Marks the store as initialised: its first users exist. A conflict if it is marked already.
    pub async fn mark_initialised(&self) -> Result<(), Fault> {
        if self.0.database.claim_meta("initialised", "true").await? {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Conflict, "the store is initialised already"))
    }

    /// Tests that the store can write, and waits until the row is on the disk. It costs one fsync.
    pub async fn check_writable(&self) -> Result<(), Fault> {
        self.0.database.check_writable().await
    }

    /// Whether a password matches this bcrypt hash of a remote system's user. It runs on the
    /// hashing threads, so it waits or is refused like every hash.
    pub async fn makes_hash(&self, hash: &Secret, password: &Secret) -> Result<bool, Fault> {
        self.0.passwords.makes(hash, password).await
    }

    /// Waits for running commands and closes the database.
    pub async fn close(&self) {
        self.0.database.close().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("namespaces", &self.0.namespaces).finish_non_exhaustive()
    }
}
