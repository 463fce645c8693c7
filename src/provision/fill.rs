//! Creates the accounts of a source in a store, batch by batch. A thread reads the next batch while the
//! store writes one, so the memory does not grow with the source.

use std::collections::HashMap;
use std::mem;

use anyhow::{Context, anyhow};
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_store::{BatchFault, Claim, KeyRow, Newcomer, Store};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::spawn_blocking;

use crate::provision::accounts::{Account, AccountKey, groups_called};
use crate::provision::source::{Entry, Source};

/// The weight of a batch. A row of the store weighs 1.
const BATCH: usize = 4_000;

/// The weight of a password. Hashing takes time: a batch must not take long.
const PASSWORD: usize = 40;

/// Entries that are created together.
#[derive(Debug, Default)]
struct Batch {
    users: Vec<Account>,
    keys: Vec<AccountKey>,
    weight: usize,
}

/// The groups that the accounts name.
#[derive(Default)]
struct Groups(HashMap<String, Vec<Group>>);

/// Creates all accounts. Those of the batches before the one that fails are stored already.
pub(super) async fn fill(
    store: &Store,
    source: &Source,
    claim: Option<&Claim>,
) -> anyhow::Result<()> {
    let (sender, mut batches) = mpsc::channel(1);
    let source = source.clone();
    let reading = spawn_blocking(move || read(&source, &sender));
    let (mut groups, mut done) = (Groups::default(), Ok(()));
    while let Some(batch) = batches.recv().await {
        done = batch.create(store, &mut groups, claim).await;
        if done.is_err() {
            break;
        }
    }
    drop(batches);
    let read = reading.await.context("reading the accounts")?;
    done.and(read)
}

/// Reads all entries and sends them in batches.
fn read(source: &Source, sender: &Sender<Batch>) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    source.each(&mut |entry| {
        batch.push(entry);
        if batch.weight < BATCH {
            return Ok(());
        }
        sender.blocking_send(mem::take(&mut batch)).context("a batch before it was refused")
    })?;
    if batch.weight > 0 {
        sender.blocking_send(batch).context("a batch before it was refused")?;
    }
    Ok(())
}

impl Batch {
    fn push(&mut self, entry: Entry) {
        match entry {
            Entry::User(_, account) => {
                let password = account.password.as_ref().map_or(0, |_| PASSWORD);
                self.weight += 1 + account.keys.len() + account.groups.len() + password;
                self.users.push(*account);
            }
            Entry::Key(_, key) => {
                self.weight += 1;
                self.keys.push(*key);
            }
        }
    }

    async fn create(
        &self,
        store: &Store,
        groups: &mut Groups,
        claim: Option<&Claim>,
    ) -> anyhow::Result<()> {
        let mut people = Vec::with_capacity(self.users.len());
        for account in &self.users {
            let newcomer = newcomer(account, store, groups).await;
            people.push(newcomer.with_context(|| format!("user {:?}", account.username))?);
        }
        if let Err(refused) = store.add_people(&people, claim).await {
            return Err(self.refusal(refused));
        }
        let row = |key: &AccountKey| Ok(KeyRow { owner: None, key: key.new_key()? });
        let rows: Result<Vec<_>, String> = self.keys.iter().map(row).collect();
        let rows = rows.map_err(anyhow::Error::msg)?;
        store.import_keys(&rows).await.map(drop).map_err(|refused| {
            let key = refused.row.and_then(|row| self.keys.get(row));
            let dialect = key.map_or("an application", |key| &key.dialect);
            anyhow!(refused.fault).context(format!("{dialect}'s key"))
        })
    }

    /// The error that names the account at fault.
    fn refusal(&self, refused: BatchFault) -> anyhow::Error {
        let user = refused.row.and_then(|row| self.users.get(row));
        let mut error = anyhow!(refused.fault);
        if refused.key {
            error = error.context("key");
        }
        match user {
            Some(user) => error.context(format!("user {:?}", user.username)),
            None => error,
        }
    }
}

/// The person, keys and memberships of an account. A group that stands for a role gives the role. Of
/// the groups of one system only the last one counts, as if the person had joined one after another.
async fn newcomer(
    account: &Account,
    store: &Store,
    groups: &mut Groups,
) -> anyhow::Result<Newcomer> {
    let mut user = account.new_user()?;
    let mut joined: Vec<(Option<IdNamespace>, GroupId)> = Vec::new();
    for name in &account.groups {
        let named = || format!("group {name:?}");
        for group in groups.called(store, name).await.with_context(named)? {
            if group.namespace.is_some() {
                joined.retain(|(namespace, _)| *namespace != group.namespace);
                user.role = group.confers.unwrap_or(user.role);
            } else if joined.iter().any(|(_, id)| *id == group.id) {
                return Err(anyhow!(Fault::conflict(Subject::Membership)).context(named()));
            }
            joined.push((group.namespace.clone(), group.id));
        }
    }
    let keys = account.keys.iter().map(AccountKey::new_key).collect::<Result<_, _>>();
    let keys = keys.map_err(anyhow::Error::msg).context("key")?;
    Ok(Newcomer { user, groups: joined.into_iter().map(|(_, id)| id).collect(), keys })
}

impl Groups {
    async fn called(&mut self, store: &Store, name: &str) -> anyhow::Result<&[Group]> {
        if !self.0.contains_key(name) {
            let found = groups_called(store, name).await?;
            self.0.insert(name.to_owned(), found);
        }
        Ok(self.0.get(name).map_or(&[], Vec::as_slice))
    }
}
