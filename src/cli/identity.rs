//! `isogloss identity`.

use std::io::Write;

use anyhow::Context;
use isogloss_canonical::command::Command;
use isogloss_canonical::realm::Realm;
use isogloss_canonical::user::UserRef;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::arguments::{At, Identity, IdentityAsk};
use crate::cli::open::{People, people};
use crate::cli::{print, table};

/// A row of the file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Row {
    realm: String,
    id: String,
    username: String,
}

/// Lists or takes over ids.
pub(crate) async fn run(ask: &Identity) -> anyhow::Result<()> {
    let (IdentityAsk::Export { at } | IdentityAsk::Import { at, .. }) = &ask.ask;
    let people = people(at).await?;
    let result = match &ask.ask {
        IdentityAsk::Export { at } => export(&people, at).await,
        IdentityAsk::Import { file, at } => import(&people, file, at).await,
    };
    people.close().await;
    result
}

async fn export(people: &People, at: &At) -> anyhow::Result<()> {
    let users = people.execute(Command::ListUsers).await?.users()?;
    let rows = users.iter().flat_map(|user| {
        user.ids.iter().map(|(realm, id)| Row {
            realm: realm.to_string(),
            id: id.clone(),
            username: user.username.clone(),
        })
    });
    if at.json {
        return print::json(&serde_json::to_value(rows.collect::<Vec<_>>())?);
    }
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        out.serialize(row)?;
    }
    std::io::stdout().write_all(&out.into_inner().context("writing the table")?)?;
    Ok(())
}

async fn import(people: &People, file: &str, at: &At) -> anyhow::Result<()> {
    let rows = table::read::<Row>(file)?;
    let count = rows.len();
    let row = |(_, row): (u64, Row)| (UserRef::Name(row.username), Realm::new(row.realm), row.id);
    let assign = Command::AssignIds(rows.into_iter().map(row).collect());
    people.execute(assign).await.context("nothing was taken over")?;
    if at.json {
        return print::json(&json!({"imported": count}));
    }
    print::line(&format!("{count} ids were taken over"))
}
