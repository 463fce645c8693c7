//! `isogloss identity import`: imports all rows or none. The error names the row at fault.

use anyhow::{Context, anyhow, bail};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{UserPatch, UserRef};
use isogloss_store::{BatchFault, IdBatches, IdReader, IdRow, Store};
use serde_json::json;

use crate::cli::arguments::At;
use crate::cli::id_row::{Row, check};
use crate::cli::open::People;
use crate::cli::print;
use crate::cli::table::{Table, batches};
use crate::repeats::Repeats;

/// The rows that the store reads at a time.
const BATCH: usize = 2_000;

/// Imports the ids of a file.
pub(crate) async fn run(people: &People, file: &str, at: &At) -> anyhow::Result<()> {
    let table = Table::open(file, &["id_namespace", "id", "username"])?;
    let refused = "nothing was imported";
    let found = inspect(people, &table).context(refused)?;
    let done = match people.embedded() {
        Some(store) => assign_in_store(store, &table).await,
        None => assign(people, &table).await,
    };
    done.context(refused)?;
    if found.aliases {
        give_aliases(people, &table).await?;
    }
    let count = found.rows;
    if at.json {
        return print::json(&json!({"imported": count}));
    }
    print::line(&format!("{count} ids were imported"))
}

/// Assigns the ids of the embedded store, which reads the file row by row.
async fn assign_in_store(store: &Store, table: &Table) -> anyhow::Result<()> {
    let BatchFault { row, fault, .. } = match store.import_ids(&IdFile(table)).await {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    let said = People::said(&fault);
    match row.and_then(|row| table.rows::<Row>().ok()?.nth(row)) {
        Some(Ok((line, _))) => Err(anyhow!("line {line}: {said:#}")),
        Some(Err(_)) | None => Err(said),
    }
}

/// Assigns the ids of a remote backend's people. Their system is asked for all of them, so the rows
/// are in the memory too.
async fn assign(people: &People, table: &Table) -> anyhow::Result<()> {
    let rows: Vec<_> = table.rows::<Row>()?.collect::<Result<_, _>>()?;
    let row = |(_, row): &(u64, Row)| {
        let user = UserRef::Name(row.username.clone());
        (user, IdNamespace::new(row.id_namespace.as_str()), row.id.clone())
    };
    let assign = Command::AssignIds(rows.iter().map(row).collect());
    let done = people.execute_by_system_names(assign).await;
    done.map(drop).map_err(|why| placed(&rows, why))
}

/// The rows for the store.
struct IdFile<'t>(&'t Table);

impl IdBatches for IdFile<'_> {
    fn open(&self) -> Result<IdReader<'_>, Fault> {
        let unread = |why: anyhow::Error| Fault::new(FaultKind::Malformed, format!("{why:#}"));
        let row = |(_, row): (u64, Row)| IdRow {
            username: row.username,
            namespace: IdNamespace::new(row.id_namespace.as_str()),
            native: row.id,
        };
        let rows = self.0.rows::<Row>().map_err(unread)?;
        let rows = rows.map(move |read| read.map(row));
        Ok(Box::new(batches(rows, BATCH).map(move |batch| batch.map_err(unread))))
    }
}

/// Gives the users their aliases, after the ids. It is a renaming that a client could ask for.
async fn give_aliases(people: &People, table: &Table) -> anyhow::Result<()> {
    for row in table.rows::<Row>()? {
        let (line, row) = row?;
        let Some(alias) = row.alias else { continue };
        let user = UserRef::Native(IdNamespace::new(row.id_namespace.as_str()), row.id);
        let patch = UserPatch { username: Some(alias.clone()), ..UserPatch::default() };
        let given = people.execute(Command::UpdateUser(user, Box::new(patch))).await;
        given.with_context(|| {
            format!("line {line}: the ids were imported, but not the alias {alias:?}")
        })?;
    }
    Ok(())
}

/// What an inspection has found.
#[derive(Debug, Default)]
struct Inspected {
    rows: u64,
    /// Whether a row has an alias.
    aliases: bool,
}

/// Checks that need only the file. The first error of the file is told.
fn inspect(people: &People, table: &Table) -> anyhow::Result<Inspected> {
    let (mut found, mut repeats, mut failed) = (Inspected::default(), Repeats::new()?, Ok(()));
    for row in table.rows::<Row>()? {
        let (line, row) = match row {
            Ok(row) => row,
            Err(why) => {
                failed = Err(why);
                break;
            }
        };
        failed = check(&row, people.namespaces()).with_context(|| format!("line {line}"));
        if failed.is_err() {
            break;
        }
        repeats.add(&["id", &row.id_namespace, &row.id], (line, 0))?;
        repeats.add(&["name", &row.id_namespace, &row.username], (line, 1))?;
        found.rows += 1;
        found.aliases |= row.alias.is_some();
    }
    let Some(repeat) = repeats.first(1)?.0.pop() else { return failed.map(|()| found) };
    let (line, is_name) = (repeat.later.0, repeat.later.1 == 1);
    let other = repeat.earlier.0;
    let is_it = |row: &anyhow::Result<(u64, Row)>| row.as_ref().is_ok_and(|row| row.0 == line);
    let row = table.rows::<Row>()?.find(is_it).context("the file was changed")??.1;
    if is_name {
        bail!("line {line}: {} has an id of {} in line {other}", row.username, row.id_namespace);
    }
    bail!("line {line}: {} id {} is in line {other} too", row.id_namespace, row.id)
}

/// Adds the line of the file to an error.
fn placed(rows: &[(u64, Row)], why: anyhow::Error) -> anyhow::Error {
    let said = format!("{why:#}");
    let about = |(_, row): &&(u64, Row)| {
        said.contains(&format!("{} id {} ", row.id_namespace, row.id))
            || said.contains(&format!("called {:?}", row.username))
    };
    match rows.iter().find(about) {
        Some((line, _)) => anyhow!("line {line}: {said}"),
        None => why,
    }
}
