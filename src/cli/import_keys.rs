//! `isogloss key import`: every row is checked before the first key is stored.

use anyhow::{Context, anyhow, bail};
use isogloss_canonical::command::Command;
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::UserRef;
use isogloss_store::{BatchFault, KeyRow};
use serde::Deserialize;
use serde_json::json;

use crate::cli::arguments::At;
use crate::cli::open::People;
use crate::cli::print;
use crate::cli::table::{Table, batches};
use crate::provision::accounts::is_key;
use crate::registry;
use crate::repeats::Repeats;

/// The keys of one transaction. Others can write between two of them.
const BATCH: usize = 1_000;

/// A row of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    username: String,
    dialect: String,
    key: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    scope: Option<String>,
}

/// A key with its line in the file.
type Line = (u64, KeyRow);

/// An error with its line. No line: it is of no row.
type AtLine = (Option<u64>, anyhow::Error);

/// Imports the keys of a file.
pub(crate) async fn run(people: &People, file: &str, at: &At) -> anyhow::Result<()> {
    let table = Table::open(file, &["username", "dialect", "key"])?;
    inspect(people, &table).await?;
    let (mut rows, mut added) = (0, 0);
    // A remote backend gets one key after another.
    let size = if people.embedded().is_some() { BATCH } else { 1 };
    for batch in batches(keys(&table)?, size) {
        let batch = batch?;
        rows += batch.len();
        let stored = store(people, &batch).await.map_err(said);
        added += stored.with_context(|| match batch.first() {
            Some((line, _)) if *line > 2 => {
                format!("the keys of the lines before line {line} were imported")
            }
            _ => "nothing was imported".to_owned(),
        })?;
    }
    if at.json {
        return print::json(&json!({"imported": added, "already": rows - added}));
    }
    print::line(&match rows - added {
        0 => format!("{added} keys were imported"),
        there => format!("{added} keys were imported; {there} were there already"),
    })
}

/// The rows as keys for the store.
fn keys(table: &Table) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Line>> + Send> {
    Ok(table.rows::<Row>()?.map(|row| {
        let (line, row) = row?;
        let key = new_key(&row).with_context(|| format!("line {line}"))?;
        let owner = Some(row.username).filter(|name| !name.is_empty());
        Ok((line, KeyRow { owner, key }))
    }))
}

/// Checks all rows. The first error of the file is told.
async fn inspect(people: &People, table: &Table) -> anyhow::Result<()> {
    let mut repeats = Repeats::new()?;
    let mut failed = None;
    for batch in batches(keys(table)?, BATCH) {
        let batch = match batch {
            Ok(batch) => batch,
            Err(why) => {
                failed = Some((None, why));
                break;
            }
        };
        for (line, row) in &batch {
            repeats.add(&[row.key.namespace.as_str(), row.key.value.expose()], (*line, 0))?;
        }
        if let Err(why) = check(people, &batch).await {
            failed = Some(why);
            break;
        }
    }
    let until = failed.as_ref().and_then(|(line, _)| *line).unwrap_or(u64::MAX);
    let repeat = repeats.first(1)?.0.pop().filter(|repeat| repeat.later.0 <= until);
    match (repeat, failed) {
        (Some(repeat), _) => {
            let (line, other) = (repeat.later.0, repeat.earlier.0);
            bail!("line {line}: the same key as in line {other}")
        }
        (None, Some(why)) => Err(said(why)),
        (None, None) => Ok(()),
    }
}

async fn check(people: &People, batch: &[Line]) -> Result<(), AtLine> {
    if let Some(store) = people.embedded() {
        return store.check_keys(&rows(batch)).await.map_err(|refused| placed(batch, &refused));
    }
    for (line, row) in batch {
        let checked = check_one(people, row).await;
        checked.map_err(|why| (Some(*line), why))?;
    }
    Ok(())
}

/// Checks a key of a remote backend's person.
async fn check_one(people: &People, row: &KeyRow) -> anyhow::Result<()> {
    let mut id = None;
    if let Some(owner) = &row.owner {
        let read = people.execute(Command::GetUser(UserRef::Name(owner.clone()))).await?;
        id = Some(read.user()?.id);
    }
    let holder = people.holder(&row.key).await?;
    if holder.is_some_and(|holder| holder != id) {
        bail!("this key belongs to another user");
    }
    Ok(())
}

/// Stores a batch. Answers how many keys were not there before.
async fn store(people: &People, batch: &[Line]) -> Result<usize, AtLine> {
    if let Some(store) = people.embedded() {
        return store.import_keys(&rows(batch)).await.map_err(|refused| placed(batch, &refused));
    }
    for (line, row) in batch {
        let owner = row.owner.clone().map(UserRef::Name);
        let issued = people.execute(Command::IssueKey(owner, Box::new(row.key.clone()))).await;
        issued.map_err(|why| (Some(*line), why))?;
    }
    Ok(batch.len())
}

fn rows(batch: &[Line]) -> Vec<KeyRow> {
    batch.iter().map(|(_, row)| row.clone()).collect()
}

/// The error of a batch with the line of its row.
fn placed(batch: &[Line], refused: &BatchFault) -> AtLine {
    let line = refused.row.and_then(|row| batch.get(row)).map(|(line, _)| *line);
    (line, People::said(&refused.fault))
}

fn said((line, why): AtLine) -> anyhow::Error {
    match line {
        Some(line) => why.context(format!("line {line}")),
        None => why,
    }
}

fn new_key(row: &Row) -> anyhow::Result<NewKey> {
    let adapter = registry::dialect(&row.dialect).map_err(|why| anyhow!(why))?;
    if !is_key(&row.key) {
        bail!("the key is empty or has a control character");
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Ok(NewKey {
        namespace: IdNamespace::named(adapter.name),
        value: row.key.as_str().into(),
        label: given(&row.label),
        scope: given(&row.scope),
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::Gateway,
        replaces: false,
    })
}
