//! Initialises a data directory: all of it, or none of it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::NewGroup;
use isogloss_store::{Claim, DirectoryLock, Numbered, Store};
use serde_json::{Map, Value, json};

use crate::provision::accounts::{Account, AccountKey, Accounts};
use crate::provision::fill::fill;
use crate::provision::publish::{self, Draft};
use crate::provision::source::Source;
use crate::registry;

/// The administrator's name.
const ADMINISTRATOR: &str = "admin";

/// Locks a data directory, and repairs it after a crash.
pub async fn take(directory: &Path) -> anyhow::Result<DirectoryLock> {
    let lock = DirectoryLock::take(directory).await.map_err(|fault| anyhow!(words(&fault)))?;
    publish::recover(&lock)?;
    Ok(lock)
}

/// Whether a data directory has an initialised store. A store with a missing file is an error.
pub fn is_initialised(lock: &DirectoryLock) -> anyhow::Result<bool> {
    lock.holds_store().map_err(|fault| anyhow!(words(&fault)))
}

/// Initialises a directory with these accounts. On failure the directory is as it was.
pub async fn initialise(directory: &Path, accounts: &Accounts) -> anyhow::Result<()> {
    initialise_in(&take(directory).await?, &accounts.into(), |_| Ok(())).await
}

/// The same for a caller that holds the lock. `deliver` writes or prints the first credentials
/// before the store is published. It gets the directory of the new files.
pub async fn initialise_in(
    lock: &DirectoryLock,
    accounts: &Source,
    deliver: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if is_initialised(lock)? {
        bail!("{} is already initialised; nothing was changed", lock.directory().display());
    }
    let draft = Draft::begin(lock)?;
    fill_draft(draft.path(), accounts).await?;
    deliver(draft.path())?;
    draft.publish()
}

async fn fill_draft(draft: &Path, accounts: &Source) -> anyhow::Result<()> {
    let opened = Store::open(draft, registry::own_namespaces()).await;
    let store = opened.map_err(|fault| anyhow!(words(&fault)))?;
    let result = provision(&store, accounts, None, || Ok(())).await;
    store.close().await;
    result
}

/// Creates the first groups and accounts. `deliver` writes the first credentials before the store
/// is marked as initialised. With a claim, no other gateway does it meanwhile, and what was created is
/// removed if it fails.
pub(super) async fn provision(
    store: &Store,
    accounts: &Source,
    claim: Option<&Claim>,
    deliver: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let filled = async {
        for group in foundation() {
            store.execute(Command::CreateGroup(Box::new(group))).await?;
        }
        fill(store, accounts, claim).await
    };
    let filled = filled.await;
    if let (Err(_), Some(claim)) = (&filled, claim)
        && let Err(fault) = store.clear(claim).await
    {
        tracing::warn!(%fault, "the accounts so far are not removed; the next start removes them");
    }
    filled?;
    deliver()?;
    store.mark_initialised().await?;
    Ok(())
}

/// The groups that a fresh server of each system has.
fn foundation() -> Vec<NewGroup> {
    registry::dialects().flat_map(|adapter| (adapter.foundation)()).collect()
}

/// Opens the sidecar of a system in the database of the embedded store. A sidecar in files of its
/// own, of an earlier release, is taken over first. Its people come from the system.
pub async fn open_sidecar(
    store: &Store,
    (name, former): (&str, &Path),
    namespaces: Vec<Numbered>,
) -> anyhow::Result<Store> {
    let opened = async {
        store.take_over(name, former).await?;
        store.sidecar(name, namespaces, foundation()).await
    };
    opened.await.map_err(|fault: Fault| anyhow!(words(&fault)))
}

/// Opens an initialised store.
pub async fn open(lock: &DirectoryLock, namespaces: Vec<Numbered>) -> anyhow::Result<Store> {
    let opened = Store::open_in(lock, namespaces).await;
    let directory = lock.directory().display();
    opened.map_err(|fault| anyhow!("the store in {directory} cannot be opened: {}", words(&fault)))
}

/// A fault of a store as a sentence for the operator.
#[must_use]
pub fn words(fault: &Fault) -> String {
    match &fault.source {
        Some(cause) => format!("{} ({cause})", fault.detail),
        None => fault.detail.to_string(),
    }
}

/// The credentials of a new administrator, and the accounts that create it.
#[derive(Debug)]
pub struct FirstAdministrator {
    /// The accounts to initialise with.
    pub accounts: Accounts,
    /// The credentials, as printed by `init --json` and written to the credentials file.
    pub credentials: Value,
}

/// An administrator with this password or a random one, and a key for each dialect.
pub fn first_administrator(password: Option<String>) -> anyhow::Result<FirstAdministrator> {
    let password = match password {
        Some(password) if password.is_empty() => bail!("the administrator's password is empty"),
        Some(password) => password,
        None => URL_SAFE_NO_PAD.encode(&random()?[..18]),
    };
    let mut shown = Map::new();
    shown.insert("admin".to_owned(), json!({"username": ADMINISTRATOR, "password": password}));
    let mut accounts = Accounts::default();
    let mut administrator = Account::administrator(ADMINISTRATOR, &password);
    for adapter in registry::dialects() {
        let value = (adapter.mint)(&random()?);
        shown.insert(adapter.name.to_owned(), json!({adapter.key_word: value}));
        let key = AccountKey::plain(adapter.name, value);
        if adapter.application_key {
            accounts.application_keys.push(key);
        } else {
            administrator.keys.push(key);
        }
    }
    accounts.users.push(administrator);
    Ok(FirstAdministrator { accounts, credentials: Value::Object(shown) })
}

/// A new key in the format of an adapter's system.
pub fn mint(adapter: &Adapter) -> anyhow::Result<String> {
    Ok((adapter.mint)(&random()?))
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no random bytes")?;
    Ok(bytes)
}
