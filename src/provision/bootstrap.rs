//! Initialises a data directory: all of it, or none of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_store::{Numbered, Store};
use serde_json::{Map, Value, json};

use crate::provision::accounts::{Account, AccountKey, Accounts};
use crate::registry;

/// The administrator's name.
const ADMINISTRATOR: &str = "admin";

/// The file that holds the first credentials, beside the store.
pub const CREDENTIALS: &str = "credentials.json";

/// Whether a data directory holds an initialised store.
#[must_use]
pub fn is_initialised(directory: &Path) -> bool {
    directory.join(isogloss_store::DATABASE).exists()
}

/// Initialises a directory with these accounts. On failure the directory is as it was.
pub async fn initialise(directory: &Path, accounts: &Accounts) -> anyhow::Result<()> {
    if is_initialised(directory) {
        bail!("{} is already initialised; nothing was changed", directory.display());
    }
    fs::create_dir_all(directory)
        .with_context(|| format!("{} cannot be created", directory.display()))?;
    let draft = directory.join(format!(".new-{}", std::process::id()));
    let made = fill(&draft, accounts).await.and_then(|()| publish(&draft, directory));
    let removed = fs::remove_dir_all(&draft);
    made?;
    removed.with_context(|| format!("{} cannot be removed", draft.display()))
}

async fn fill(draft: &Path, accounts: &Accounts) -> anyhow::Result<()> {
    fs::create_dir_all(draft).with_context(|| format!("{} cannot be created", draft.display()))?;
    let store = Store::open(draft, registry::own_realms()).await?;
    let result = provision(&store, accounts).await;
    store.close().await;
    result
}

async fn provision(store: &Store, accounts: &Accounts) -> anyhow::Result<()> {
    lay_foundation(store).await?;
    accounts.provision(store).await?;
    store.mark_initialised().await?;
    Ok(())
}

/// The groups that a fresh server of each system has.
async fn lay_foundation(store: &Store) -> anyhow::Result<()> {
    for adapter in registry::ADAPTERS {
        for group in (adapter.foundation)() {
            store.execute(Command::CreateGroup(Box::new(group)), &Caller::Gateway).await?;
        }
    }
    Ok(())
}

/// Opens the shadow of a system, and prepares it if it is new. Its people come from the system.
pub async fn open_shadow(directory: &Path, realms: Vec<Numbered>) -> anyhow::Result<Store> {
    if !is_initialised(directory) {
        initialise(directory, &Accounts::default()).await?;
    }
    Ok(Store::open(directory, realms).await?)
}

/// Moves a finished store to its place; the database last, since its presence is what tells an
/// initialised directory.
fn publish(draft: &Path, directory: &Path) -> anyhow::Result<()> {
    for name in [isogloss_store::SECRET_KEY, isogloss_store::DATABASE] {
        fs::rename(draft.join(name), directory.join(name))
            .with_context(|| format!("{name} cannot be moved to {}", directory.display()))?;
    }
    Ok(())
}

/// What a fresh administrator signs in with, and the accounts that make it so.
#[derive(Debug)]
pub struct FirstAdministrator {
    /// The accounts to initialise with.
    pub accounts: Accounts,
    /// The credentials, as `init --json` prints them and the credentials file holds them.
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
    for adapter in registry::ADAPTERS {
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

/// A key as an adapter's system would spell it.
pub fn mint(adapter: &Adapter) -> anyhow::Result<String> {
    Ok((adapter.mint)(&random()?))
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no random bytes")?;
    Ok(bytes)
}

/// Writes the credentials for their owner's eyes only; answers where.
pub fn write_credentials(directory: &Path, credentials: &Value) -> anyhow::Result<PathBuf> {
    let path = directory.join(CREDENTIALS);
    let text = serde_json::to_string_pretty(credentials)? + "\n";
    let draft = directory.join(".credentials.new");
    let file = fs::OpenOptions::new().create(true).truncate(true).write(true).open(&draft)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    std::io::Write::write_all(&mut &file, text.as_bytes())?;
    fs::rename(&draft, &path)?;
    Ok(path)
}
