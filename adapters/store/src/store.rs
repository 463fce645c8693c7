//! The store of one backend in an open state database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::secret::Secret;

use crate::copying::COPYING;
use crate::database::Database;
use crate::health::Health;
use crate::inner::Inner;
use crate::lock::DirectoryLock;
use crate::numbered::Numbered;
use crate::passwords::Passwords;
use crate::pruning;
use crate::sealing::Seals;
use crate::secret_file::{self, MasterSecret};
use crate::write_counts::WriteCounts;

/// The value that marks a store as initialised.
const INITIALISED: &str = "initialised";

/// The rows of one backend: of the embedded store, or of a sidecar. Clones, and the stores of other
/// backends that it opens, share one database.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

impl Store {
    /// Opens the embedded store in a directory. Creates the directory and the store if they are
    /// missing.
    pub async fn open(directory: &Path, namespaces: Vec<Numbered>) -> Result<Self, Fault> {
        Self::open_in(&DirectoryLock::take(directory).await?, namespaces).await
    }

    /// The same for a caller that holds the lock on the directory.
    pub async fn open_in(lock: &DirectoryLock, namespaces: Vec<Numbered>) -> Result<Self, Fault> {
        let directory = lock.directory();
        lock.holds_store()?;
        let secret = secret_file::read_or_make(directory)?;
        Self::over(Database::open(directory).await?, &secret, namespaces).await
    }

    /// Opens the embedded store in a PostgreSQL database. `secret` is the file of the master
    /// secret. It is created if it is missing. `patience` is how long a request waits for a
    /// connection or a lock.
    pub async fn connect(
        url: &Secret,
        secret: &Path,
        patience: Duration,
        namespaces: Vec<Numbered>,
    ) -> Result<Self, Fault> {
        let secret = secret_file::read_or_make_at(secret)?;
        Self::over(Database::connect(url.expose(), patience).await?, &secret, namespaces).await
    }

    async fn over(
        database: Database,
        secret: &MasterSecret,
        namespaces: Vec<Numbered>,
    ) -> Result<Self, Fault> {
        let seals = Seals::from_secret(secret);
        if database.meta(COPYING).await?.is_some() {
            let detail = "the database is the target of a copy that has not ended; start the copy \
                          again";
            return Err(Fault::new(FaultKind::Unavailable, detail));
        }
        check_secret(&database, &seals).await?;
        let inner = Inner {
            backend: String::new(),
            namespaces,
            seals: Arc::new(seals),
            database: Arc::new(database),
            passwords: Arc::new(Passwords::new()?),
            pruning: Arc::new(WriteCounts::default()),
            health: Arc::new(Health::default()),
        };
        inner.introduce_namespaces().await?;
        let inner = Arc::new(inner);
        tokio::spawn(pruning::keep(Arc::downgrade(&inner), pruning::PAUSE));
        Ok(Self(inner))
    }

    /// Opens the sidecar of a remote backend, in the same database. The first time it creates the
    /// groups that a fresh server of each system has.
    pub async fn sidecar(
        &self,
        backend: &str,
        namespaces: Vec<Numbered>,
        foundation: Vec<NewGroup>,
    ) -> Result<Self, Fault> {
        let shared = &*self.0;
        let inner = Inner {
            backend: backend.to_owned(),
            namespaces,
            seals: self.seals_of(backend).await?,
            database: Arc::clone(&shared.database),
            passwords: Arc::clone(&shared.passwords),
            pruning: Arc::clone(&shared.pruning),
            health: Arc::clone(&shared.health),
        };
        inner.introduce_namespaces().await?;
        let sidecar = Self(Arc::new(inner));
        if !sidecar.is_initialised().await? {
            sidecar.lay_foundation(foundation).await?;
        }
        Ok(sidecar)
    }

    /// Creates the first groups, and marks the store as initialised: all of it, or nothing.
    async fn lay_foundation(&self, foundation: Vec<NewGroup>) -> Result<(), Fault> {
        let (inner, foundation) = (&*self.0, &foundation);
        inner
            .database
            .transact(|mut write| async move {
                if !inner.claim_meta_in(&mut write, INITIALISED, "true").await? {
                    return Ok(());
                }
                for group in foundation {
                    let id = write.fresh_id();
                    inner.insert_group(&mut write, id, group).await?;
                    inner.name_group(&mut write, id, group.namespace.as_ref(), &group.ids).await?;
                }
                write.commit().await
            })
            .await
    }

    /// Whether [`Store::mark_initialised`] was called on this store before.
    pub async fn is_initialised(&self) -> Result<bool, Fault> {
        Ok(self.0.meta(INITIALISED).await?.is_some())
    }

    /// Marks the store as initialised: its first users exist. A conflict if it is marked already.
    pub async fn mark_initialised(&self) -> Result<(), Fault> {
        if self.0.claim_meta(INITIALISED, "true").await? {
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

    /// Waits for running commands and closes the database, for the stores of all backends.
    pub async fn close(&self) {
        self.0.database.close().await;
    }
}

/// Refuses a master secret that does not belong to this database. With a wrong one, no API key
/// would be found.
async fn check_secret(database: &Database, seals: &Seals) -> Result<(), Fault> {
    let proof = seals.proof();
    if database.claim_meta("secret", &proof).await? || database.meta("secret").await? == Some(proof)
    {
        return Ok(());
    }
    let detail = "secret.key is not the one that the database was written with; restore both from \
                  the same backup";
    Err(Fault::new(FaultKind::Unexpected, detail))
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.0.backend)
            .field("namespaces", &self.0.namespaces)
            .finish_non_exhaustive()
    }
}
