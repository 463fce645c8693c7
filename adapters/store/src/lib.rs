//! The embedded store: people, groups, keys and memory in one SQLite file.
//!
//! A directory holds `isogloss.sqlite` and `secret.key`; from the latter come the keys that hash
//! and seal what must not be read from a stolen database. Reads go through a few connections of
//! their own, writes one after another through a single one, so that what is checked inside a
//! write still holds when it is committed.

mod access;
mod attempts;
mod backend;
mod database;
mod faults;
mod groups;
mod hashing;
mod identities;
mod keys;
mod lookup;
mod members;
mod passwords;
mod pruning;
mod rows;
mod sealing;
mod secret_file;
mod session_store;
mod settings;
mod sidecar;
mod signin;
mod turn;
mod users;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::secret::Secret;

pub use crate::access::refused;
pub use crate::backend::capability;
use crate::database::Database;
use crate::passwords::Passwords;
use crate::pruning::Pruning;
use crate::sealing::Seals;
pub use crate::sidecar::{
    Absence, Beside, Claim, Reading, Record, Seen, SeenTeam, Settlement, Sidecar, State,
    TeamReading, TeamRecord, TeamSettlement,
};
pub use crate::turn::Turn;

/// The file of the database, in the store's directory.
pub const DATABASE: &str = "isogloss.sqlite";

/// The file of the secret that keys are hashed and sealed with, beside the database.
pub const SECRET_KEY: &str = "secret.key";

/// How one system names what is kept here. One for each adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The system's namespace.
    pub namespace: IdNamespace,
    /// How it names its people.
    pub users: Numbering,
    /// How it names its groups.
    pub groups: Numbering,
    /// Whether the groups it names are the teams; else they are its own sets of rights.
    pub teams: bool,
    /// Whether it shows a key to its owner again, so that the value must be kept, sealed.
    pub shows_keys: bool,
    /// Whether the ids come from the system itself, which may give one again once its holder is
    /// gone. Else no id is ever used twice.
    pub gives_ids: bool,
}

/// A system that starts with sets of rights of its own names those, and never the teams.
impl From<&Adapter> for Numbered {
    fn from(adapter: &Adapter) -> Self {
        Self {
            namespace: IdNamespace::named(adapter.name),
            users: adapter.users,
            groups: adapter.groups,
            teams: (adapter.foundation)().iter().all(|group| group.namespace.is_none()),
            shows_keys: adapter.shows_keys,
            gives_ids: false,
        }
    }
}

/// The embedded store. Clones share one database.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    namespaces: Vec<Numbered>,
    seals: Seals,
    passwords: Passwords,
    pruning: Pruning,
}

impl Store {
    /// Opens the store in a directory, and makes both where they are not there.
    pub async fn open(directory: &Path, namespaces: Vec<Numbered>) -> Result<Self, Fault> {
        Self::open_in(&Turn::take(directory).await?, namespaces).await
    }

    /// The same for who already has the right to.
    pub async fn open_in(turn: &Turn, namespaces: Vec<Numbered>) -> Result<Self, Fault> {
        let directory = turn.directory();
        turn.holds_store()?;
        let secret = secret_file::read_or_make(directory)?;
        let seals = Seals::from_secret(&secret);
        let database = Database::open(directory).await?;
        let inner = Inner {
            database,
            namespaces,
            seals,
            passwords: Passwords::new()?,
            pruning: Pruning::default(),
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

    /// Says that the store has its first people; a conflict if that was said before.
    pub async fn mark_initialised(&self) -> Result<(), Fault> {
        if self.0.database.claim_meta("initialised", "true").await? {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Conflict, "the store is initialised already"))
    }

    /// Whether the store can write: it writes, and waits until the disk has it. Costs one fsync.
    pub async fn check_writable(&self) -> Result<(), Fault> {
        self.0.database.check_writable().await
    }

    /// Whether a password makes this bcrypt hash, which is of another system's person. Computed where
    /// all hashes are, so that it waits, or is refused, as they are.
    pub async fn makes_hash(&self, hash: &Secret, password: &Secret) -> Result<bool, Fault> {
        self.0.passwords.makes(hash, password).await
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        self.0.database.close().await;
    }
}

impl Inner {
    /// Refuses a secret that is not the one this database was written with: every key would
    /// silently stop opening anything.
    async fn check_secret(&self) -> Result<(), Fault> {
        let proof = self.seals.proof();
        if self.database.claim_meta("secret", &proof).await?
            || self.database.meta("secret").await? == Some(proof)
        {
            return Ok(());
        }
        let detail = "secret.key is not the one that isogloss.sqlite was written with; \
                      restore both from the same backup";
        Err(Fault::new(FaultKind::Unexpected, detail))
    }

    fn shows_keys(&self, namespace: &IdNamespace) -> bool {
        self.namespaces.iter().any(|known| known.namespace == *namespace && known.shows_keys)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("namespaces", &self.0.namespaces).finish_non_exhaustive()
    }
}
