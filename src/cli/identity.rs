//! `isogloss identity`.

use std::collections::HashMap;

use anyhow::{Context, anyhow, bail};
use isogloss_canonical::backend::Backend as _;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{UserId, UserRef};
use isogloss_store::{Absence, Record, Seen, State};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::arguments::{At, Identity, IdentityAsk};
use crate::cli::id_row::Row;
use crate::cli::import;
use crate::cli::open::{People, people};
use crate::cli::print;
use crate::layers::sidecar::layer::Sidecar;

/// The columns of an export.
const COLUMNS: [&str; 4] = ["id_namespace", "id", "username", "alias"];

const HEADINGS: [&str; 6] = ["ID", "STATE", "USER NAME", "ID THERE", "SINCE", "IDS"];

/// Exports or imports ids, lists or changes records.
pub(crate) async fn run(ask: &Identity) -> anyhow::Result<()> {
    let at = match &ask.ask {
        IdentityAsk::Export { at }
        | IdentityAsk::Import { at, .. }
        | IdentityAsk::List { at, .. }
        | IdentityAsk::Confirm { at, .. }
        | IdentityAsk::Tombstone { at, .. }
        | IdentityAsk::Bind { at, .. } => at,
    };
    let people = people(at).await?;
    let result = match &ask.ask {
        IdentityAsk::Export { at } => export(&people, at).await,
        IdentityAsk::Import { file, at } => import::run(&people, file, at).await,
        IdentityAsk::List { state, at } => list(&people, state.as_deref(), at).await,
        IdentityAsk::Confirm { id, at } => confirm(&people, *id, at).await,
        IdentityAsk::Tombstone { id, at } => tombstone(&people, *id, at).await,
        IdentityAsk::Bind { id, to, renamed, at } => bind(&people, *id, (to, *renamed), at).await,
    };
    people.close().await;
    result
}

async fn export(people: &People, at: &At) -> anyhow::Result<()> {
    let (users, mut aliases) = match people.sidecar() {
        Some(sidecar) => {
            let listed = sidecar.execute(Command::ListUsers).await.and_then(Outcome::users);
            let aliases = sidecar.records().aliases().await;
            let said = |fault| People::said(&fault);
            (listed.map_err(said)?, aliases.map_err(said)?)
        }
        None => (people.execute(Command::ListUsers).await?.users()?, HashMap::new()),
    };
    let mut rows = Vec::new();
    for user in users {
        let alias = aliases.remove(&user.id);
        rows.extend(user.ids.iter().map(|(namespace, id)| Row {
            id_namespace: namespace.to_string(),
            id: id.clone(),
            username: user.username.clone(),
            alias: alias.clone(),
        }));
    }
    if at.json {
        return print::json(&serde_json::to_value(rows)?);
    }
    print::bytes(&table_of(&rows)?)
}

/// The rows as CSV. There is a column of aliases if somebody has one.
fn table_of(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let aliased = rows.iter().any(|row| row.alias.is_some());
    let columns = if aliased { &COLUMNS[..] } else { &COLUMNS[..3] };
    if !rows.is_empty() {
        out.write_record(columns)?;
    }
    for row in rows {
        let alias = row.alias.as_deref().unwrap_or_default();
        let cells = [row.id_namespace.as_str(), &row.id, &row.username, alias];
        out.write_record(&cells[..columns.len()])?;
    }
    out.into_inner().context("writing the table")
}

/// The sidecar of the backend. An error if the backend is the embedded store, which has no records.
fn sidecar(people: &People) -> anyhow::Result<&Sidecar> {
    people.sidecar().ok_or_else(|| {
        anyhow!(
            "this backend is the embedded store; only a remote backend has a sidecar with records"
        )
    })
}

async fn list(people: &People, state: Option<&str>, at: &At) -> anyhow::Result<()> {
    let mut records = sidecar(people)?.records().all().await?;
    records.retain(|record| state.is_none_or(|state| state == record.state.as_str()));
    if at.json {
        return print::json(&Value::Array(records.iter().map(value).collect()));
    }
    print::table(&HEADINGS, records.iter().map(row).collect())
}

/// Confirms a record. It reads the system: only a user with the record's id and name is the same
/// user.
async fn confirm(people: &People, id: Uuid, at: &At) -> anyhow::Result<()> {
    let sidecar = sidecar(people)?;
    let records = sidecar.records().all().await?;
    let record = records.into_iter().find(|record| record.user.id == UserId(id));
    let record = record.ok_or_else(|| anyhow!("no such record; nothing was changed"))?;
    if !matches!(record.state, State::Suspended(_)) {
        let state = record.state.as_str();
        bail!(
            "only a suspended record can be confirmed, and this one is {state}; nothing was changed"
        );
    }
    let native = record.native.unwrap_or_default();
    let done = match shown(sidecar, &native).await {
        Ok(seen) => sidecar.records().confirm(UserId(id), &seen).await,
        Err(fault) => Err(fault),
    };
    let record = done.map_err(|fault| unchanged(sidecar, &native, &fault, ""))?;
    done_with("confirmed", &record, at)
}

async fn tombstone(people: &People, id: Uuid, at: &At) -> anyhow::Result<()> {
    let records = sidecar(people)?.records();
    let done = records.retire(UserId(id)).await;
    let done = done.map_err(|fault| anyhow!("{:#}; nothing was changed", People::said(&fault)));
    let (record, already) = done?;
    if at.json {
        return print::json(&json!({ "tombstone": value(&record), "already": already }));
    }
    if already {
        return print::line(&format!("{} is a tombstone already", described(&record)));
    }
    done_with("tombstone", &record, at)
}

/// Binds a record to a user of the system. It reads the system: the user must exist.
async fn bind(
    people: &People,
    id: Uuid,
    (to, renamed): (&str, bool),
    at: &At,
) -> anyhow::Result<()> {
    let sidecar = sidecar(people)?;
    let done = match shown(sidecar, to).await {
        Ok(seen) => sidecar.records().bind(UserId(id), &seen, renamed).await,
        Err(fault) => Err(fault),
    };
    let hint = "--renamed binds the record if this is the same user; ";
    let bound = done.map_err(|fault| unchanged(sidecar, to, &fault, hint))?;
    if at.json {
        let tombstones: Vec<_> = bound.replaced.iter().map(value).collect();
        return print::json(&json!({
            "bound": value(&bound.record),
            "keys_revoked": bound.was_tombstone,
            "tombstones": tombstones,
        }));
    }
    done_with("bound", &bound.record, at)?;
    if bound.was_tombstone {
        print::line("it was a tombstone: its keys, sessions and remembered passwords are revoked")?;
    }
    let replaced = bound.replaced.iter();
    replaced.map(described).try_for_each(|who| print::line(&format!("{who} is now a tombstone")))
}

/// Reads a user of the system now.
async fn shown(sidecar: &Sidecar, native: &str) -> Result<Seen, Fault> {
    let (namespace, numbering) = sidecar.namespace();
    let user = match numbering {
        Numbering::Names => UserRef::Name(native.to_owned()),
        Numbering::From(_) => UserRef::Native(IdNamespace::clone(namespace), native.to_owned()),
    };
    sidecar.show(user).await.map(Seen::from)
}

/// The error that explains why nothing was changed. The hint is for a user with another name.
fn unchanged(sidecar: &Sidecar, native: &str, fault: &Fault, hint: &str) -> anyhow::Error {
    let (namespace, _) = sidecar.namespace();
    let hint = if fault.subject == Some(Subject::Username) { hint } else { "" };
    anyhow!("{namespace} {native}: {:#}; {hint}nothing was changed", People::said(fault))
}

fn described(record: &Record) -> String {
    let there = record.native.as_deref().unwrap_or("nobody");
    format!("{} ({}, there {there})", record.user.id, record.user.username)
}

fn done_with(what: &str, record: &Record, at: &At) -> anyhow::Result<()> {
    if at.json {
        return print::json(&json!({ what: value(record) }));
    }
    print::line(&format!("{what} {}: {}", described(record), said(record.state)))
}

fn said(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Suspended(Absence::Once) => "suspended (one read did not show the user)",
        State::Suspended(Absence::Confirmed) => "suspended (the system does not have the user)",
        State::Suspended(Absence::Held) => {
            "suspended (many disappeared at once; confirm or tombstone)"
        }
        State::Tombstone => "tombstone",
    }
}

fn value(record: &Record) -> Value {
    let absence = match record.state {
        State::Suspended(Absence::Once) => Some("once"),
        State::Suspended(Absence::Confirmed) => Some("confirmed"),
        State::Suspended(Absence::Held) => Some("held"),
        State::Active | State::Tombstone => None,
    };
    let ids = record.user.ids.iter().map(|(namespace, id)| (namespace.to_string(), json!(id)));
    json!({
        "id": record.user.id.to_string(),
        "state": record.state.as_str(),
        "absence": absence,
        "username": record.user.username,
        "native": record.native,
        "since": record.since.to_string(),
        "ids": ids.collect::<serde_json::Map<_, _>>(),
    })
}

fn row(record: &Record) -> Vec<String> {
    let ids: Vec<_> =
        record.user.ids.iter().map(|(namespace, id)| format!("{namespace}:{id}")).collect();
    vec![
        record.user.id.to_string(),
        said(record.state).to_owned(),
        record.user.username.clone(),
        record.native.clone().unwrap_or_default(),
        record.since.to_string(),
        ids.join(" "),
    ]
}
