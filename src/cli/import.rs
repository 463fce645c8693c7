//! `isogloss identity import`: imports all rows or none. The error names the row at fault.

use std::collections::HashMap;

use anyhow::{Context, anyhow, bail};
use isogloss_canonical::command::Command;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{UserPatch, UserRef};
use serde_json::json;

use crate::cli::arguments::At;
use crate::cli::id_row::{Row, check};
use crate::cli::open::People;
use crate::cli::{print, table};

/// Imports the ids of a file.
pub(crate) async fn run(people: &People, file: &str, at: &At) -> anyhow::Result<()> {
    let rows = table::read::<Row>(file)?;
    let refused = "nothing was imported";
    inspect(people, &rows).context(refused)?;
    let count = rows.len();
    let row = |(_, row): &(u64, Row)| {
        let user = UserRef::Name(row.username.clone());
        (user, IdNamespace::new(row.id_namespace.as_str()), row.id.clone())
    };
    let assign = Command::AssignIds(rows.iter().map(row).collect());
    if let Err(why) = people.execute_by_system_names(assign).await {
        return Err(placed(&rows, why)).context(refused);
    }
    give_aliases(people, &rows).await?;
    if at.json {
        return print::json(&json!({"imported": count}));
    }
    print::line(&format!("{count} ids were imported"))
}

/// Gives the users their aliases, after the ids. It is a renaming that a client could ask for.
async fn give_aliases(people: &People, rows: &[(u64, Row)]) -> anyhow::Result<()> {
    for (line, row) in rows {
        let Some(alias) = &row.alias else { continue };
        let user = UserRef::Native(IdNamespace::new(row.id_namespace.as_str()), row.id.clone());
        let patch = UserPatch { username: Some(alias.clone()), ..UserPatch::default() };
        let given = people.execute(Command::UpdateUser(user, Box::new(patch))).await;
        given.with_context(|| {
            format!("line {line}: the ids were imported, but not the alias {alias:?}")
        })?;
    }
    Ok(())
}

/// Checks that need only the file.
fn inspect(people: &People, rows: &[(u64, Row)]) -> anyhow::Result<()> {
    let (mut ids, mut names) = (HashMap::new(), HashMap::new());
    for (line, row) in rows {
        check(row, people.namespaces()).with_context(|| format!("line {line}"))?;
        if let Some(other) = ids.insert((&row.id_namespace, &row.id), line) {
            bail!("line {line}: {} id {} is in line {other} too", row.id_namespace, row.id);
        }
        if let Some(other) = names.insert((&row.id_namespace, &row.username), line) {
            bail!(
                "line {line}: {} has an id of {} in line {other}",
                row.username,
                row.id_namespace
            );
        }
    }
    Ok(())
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
