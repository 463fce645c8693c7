//! The state database of a gateway: a SQLite file in the data directory, or a PostgreSQL server
//! that several gateways share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{anyhow, bail};
use isogloss_canonical::secret::Secret;
use isogloss_store::{DirectoryLock, Numbered, SECRET_KEY, Store};

use crate::provision::bootstrap::{self, provision, words};
use crate::provision::source::Source;
use crate::registry;

/// How long a request waits for the database server, if the configuration does not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the state is.
#[derive(Clone, Debug)]
pub struct StatePlace {
    /// The data directory.
    pub directory: PathBuf,
    /// The database server. `None`: the state is in the data directory.
    pub server: Option<Server>,
}

/// A PostgreSQL server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its URL, which may have a password.
    pub url: Secret,
    /// The file of the master secret. All gateways of a database need the same one.
    pub secret_file: PathBuf,
    /// How long a request waits for a connection or a lock.
    pub patience: Duration,
}

/// A locked data directory, and the server if there is one.
#[derive(Debug)]
pub struct State {
    lock: DirectoryLock,
    server: Option<Server>,
}

impl StatePlace {
    /// A state in a data directory.
    #[must_use]
    pub fn of_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), server: None }
    }

    /// A state on a server. The master secret is in the data directory, unless a file is given.
    #[must_use]
    pub fn of_server(
        directory: &Path,
        url: Secret,
        secret_file: Option<PathBuf>,
        patience: Option<Duration>,
    ) -> Self {
        let secret_file = secret_file.unwrap_or_else(|| directory.join(SECRET_KEY));
        let patience = patience.unwrap_or(PATIENCE);
        Self {
            directory: directory.to_owned(),
            server: Some(Server { url, secret_file, patience }),
        }
    }

    /// Locks the data directory, and repairs it after a crash. Creates it if it is missing.
    pub async fn take(&self) -> anyhow::Result<State> {
        let lock = bootstrap::take(&self.directory).await?;
        Ok(State { lock, server: self.server.clone() })
    }

    /// Opens the store, which must be initialised.
    pub async fn open(&self, namespaces: Vec<Numbered>) -> anyhow::Result<Store> {
        let missing = || {
            anyhow!("{} is not initialised; `isogloss init` does that", self.directory.display())
        };
        if self.server.is_none() && !self.directory.is_dir() {
            return Err(missing());
        }
        match self.take().await?.open_initialised(namespaces).await? {
            Some(store) => Ok(store),
            None => Err(missing()),
        }
    }
}

impl State {
    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.lock.directory()
    }

    /// Opens the store, if it is initialised.
    pub async fn open_initialised(
        &self,
        namespaces: Vec<Numbered>,
    ) -> anyhow::Result<Option<Store>> {
        let Some(server) = &self.server else {
            if !bootstrap::is_initialised(&self.lock)? {
                return Ok(None);
            }
            return bootstrap::open(&self.lock, namespaces).await.map(Some);
        };
        let store = server.connect(namespaces).await?;
        match store.is_initialised().await {
            Ok(true) => Ok(Some(store)),
            Ok(false) => {
                store.close().await;
                Ok(None)
            }
            Err(fault) => Err(anyhow!(words(&fault))),
        }
    }

    /// Initialises the store with these accounts. `deliver` writes or prints the first credentials
    /// before anybody can sign in. It gets the directory for new files.
    pub async fn initialise(
        &self,
        accounts: &Source,
        deliver: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(server) = &self.server else {
            return bootstrap::initialise_in(&self.lock, accounts, deliver).await;
        };
        let store = server.connect(registry::own_namespaces()).await?;
        let result = begin(&store, accounts, || deliver(self.directory())).await;
        store.close().await;
        result
    }
}

impl Server {
    async fn connect(&self, namespaces: Vec<Numbered>) -> anyhow::Result<Store> {
        let opened = Store::connect(&self.url, &self.secret_file, self.patience, namespaces).await;
        opened.map_err(|fault| anyhow!("the state database cannot be opened: {}", words(&fault)))
    }
}

/// Initialises a database server. One gateway does it; another one that starts at the same time
/// waits. What a crash left behind is removed first: nobody could sign in yet.
async fn begin(
    store: &Store,
    accounts: &Source,
    deliver: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let claim = store.claim_start().await.map_err(|fault| anyhow!(words(&fault)))?;
    let done = async {
        if store.is_initialised().await? {
            bail!("the state database is already initialised; nothing was changed");
        }
        store.clear(&claim).await?;
        provision(store, accounts, Some(&claim), deliver).await
    };
    let result = done.await;
    claim.release().await;
    result
}
