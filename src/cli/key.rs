//! `isogloss key`.

use std::net::IpAddr;

use anyhow::{anyhow, bail};
use ipnet::IpNet;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::arguments::{At, Key as Ask, KeyAdd, KeyAsk};
use crate::cli::open::{People, people};
use crate::cli::owners::Owners;
use crate::cli::{import_keys, print};
use crate::provision::bootstrap::mint;
use crate::registry;

/// Runs a subcommand of `isogloss key`.
pub(crate) async fn run(ask: &Ask) -> anyhow::Result<()> {
    let at = match &ask.ask {
        KeyAsk::Add(ask) => &ask.at,
        KeyAsk::List { at, .. } | KeyAsk::Import { at, .. } | KeyAsk::Revoke { at, .. } => at,
    };
    let people = people(at).await?;
    let result = match &ask.ask {
        KeyAsk::Add(ask) => add(&people, ask).await,
        KeyAsk::List { username, at } => list(&people, username.as_deref(), at).await,
        KeyAsk::Import { file, at } => import_keys::run(&people, file, at).await,
        KeyAsk::Revoke { id, at } => revoke(&people, *id, at).await,
    };
    people.close().await;
    result
}

async fn add(people: &People, ask: &KeyAdd) -> anyhow::Result<()> {
    let adapter = registry::dialect(&ask.dialect).map_err(|why| anyhow!(why))?;
    for text in &ask.addresses {
        if text.parse::<IpNet>().is_err() && text.parse::<IpAddr>().is_err() {
            bail!("--address {text:?} is neither an address nor a network such as 10.0.0.0/8");
        }
    }
    let value = mint(adapter)?;
    let key = NewKey {
        namespace: IdNamespace::named(adapter.name),
        value: value.as_str().into(),
        label: ask.label.clone(),
        scope: ask.scope.clone(),
        expires: ask.expires,
        addresses: ask.addresses.clone(),
        issuer: Issuer::Gateway,
        replaces: false,
    };
    let owner = UserRef::Name(ask.username.clone());
    people.execute(Command::IssueKey(Some(owner), Box::new(key))).await?;
    if ask.at.json {
        return print::json(
            &json!({"username": ask.username, "dialect": adapter.name, "key": value}),
        );
    }
    print::line(&value)
}

/// Lists keys. With a name, the keys of all records that have or had this name.
async fn list(people: &People, username: Option<&str>, at: &At) -> anyhow::Result<()> {
    let owners = Owners::read(people).await?;
    if let Some(name) = username.filter(|name| !owners.has(name)) {
        people.execute(Command::GetUser(UserRef::Name(name.to_owned()))).await?;
    }
    let mut keys = keys(people).await?;
    keys.retain(|key| username.is_none_or(|name| owners.name(key).as_deref() == Some(name)));
    if at.json {
        let value = |key| print::key_value(key, owners.name(key).as_deref(), owners.state(key));
        return print::json(&Value::Array(keys.iter().map(value).collect()));
    }
    let row = |key| print::key_row(key, owners.label(key).as_deref());
    print::table(&print::KEY_HEADINGS, keys.iter().map(row).collect())
}

async fn revoke(people: &People, id: Uuid, at: &At) -> anyhow::Result<()> {
    let all = keys(people).await?;
    let key = all.into_iter().find(|key| key.id == id).ok_or(anyhow!("no such key"))?;
    if let Some(sidecar) = people.sidecar() {
        // The owner's record may be suspended or a tombstone, so that no command finds the owner.
        let done = sidecar.records().revoke_key(id).await;
        done.map_err(|fault| People::said(&fault))?;
    } else {
        let owner = key.owner.map(UserRef::Id);
        people.execute(Command::RevokeKeys(owner, key.namespace, KeyChoice::Id(id))).await?;
    }
    if at.json {
        return print::json(&json!({"revoked": id.to_string()}));
    }
    print::line(&format!("revoked {id}"))
}

/// The gateway's keys of all users and of the application. A remote system can have further keys of
/// its own.
async fn keys(people: &People) -> anyhow::Result<Vec<Key>> {
    let mut all = Vec::new();
    for adapter in registry::dialects() {
        let command = Command::ListKeys(None, IdNamespace::named(adapter.name), KeyChoice::All);
        let listed = match people.sidecar() {
            Some(sidecar) => sidecar.records().store().execute(command).await,
            None => Ok(people.execute(command).await?),
        };
        all.extend(listed.and_then(Outcome::keys).map_err(|fault| People::said(&fault))?);
    }
    Ok(all)
}
