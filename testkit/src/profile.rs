//! The configuration of the recorded server of each transcript (`fixtures/profiles.toml`), and its
//! accounts (`fixtures/transcripts/accounts.json`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::transcript::{Heading, Recording, index};
use crate::variables::Variables;

/// The recordings of a dialect in its default version, each with what it needs.
pub fn recordings(fixtures: &Path, dialect: &str) -> Result<Vec<(Recording, Setup)>> {
    let profiles = Profiles::load(fixtures)?;
    let all = index(&fixtures.join("transcripts"))?.into_iter().map(|one| {
        let setup = profiles.setup(&one.heading)?;
        Ok((one, setup))
    });
    let mut all = all.collect::<Result<Vec<_>>>()?;
    all.retain(|(_, setup)| setup.dialect == dialect && setup.version.is_none());
    Ok(all)
}

/// All profiles.
#[derive(Clone, Debug)]
pub struct Profiles {
    rows: Vec<Row>,
    accounts: Map<String, Value>,
}

/// One row of the file. All rows that match make a transcript's setup. A later row overrides an
/// earlier one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The first part of the transcript's folder.
    folder: String,
    /// Its profile. If it is absent, the row matches any.
    profile: Option<String>,
    /// Its scenario. If it is absent, the row matches any.
    scenario: Option<String>,
    // A field below that is absent keeps the value of an earlier row.
    dialect: Option<String>,
    version: Option<String>,
    accounts: Option<String>,
    #[serde(default)]
    options: BTreeMap<String, String>,
    #[serde(default)]
    vars: BTreeMap<String, String>,
    without_users: Option<bool>,
    #[serde(default)]
    users: Vec<Value>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    directory: Option<String>,
    origin: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct File {
    profile: Vec<Row>,
}

/// What a transcript needs.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The dialect.
    pub dialect: String,
    /// The version of its system.
    pub version: Option<String>,
    /// The options of the route.
    pub options: BTreeMap<String, String>,
    /// Settings of the gateway's configuration, by the names of environment variables.
    pub settings: BTreeMap<String, String>,
    /// The accounts of the store.
    pub accounts: Value,
    /// The variables.
    pub variables: Variables,
    /// The entries (LDIF) of the directory that the transcript needs.
    pub directory: Option<String>,
    /// Whether the route has an origin that gives the recorded answers.
    pub replays: bool,
    /// The URL of the origin, if it runs.
    pub origin: Option<String>,
}

impl Profiles {
    /// Reads them from the fixtures folder.
    pub fn load(fixtures: &Path) -> Result<Self> {
        let file: File = toml::from_str(&fs::read_to_string(fixtures.join("profiles.toml"))?)
            .context("profiles.toml")?;
        Ok(Self { rows: file.profile, accounts: accounts(&fixtures.join("transcripts"))? })
    }

    /// What a transcript needs.
    pub fn setup(&self, heading: &Heading) -> Result<Setup> {
        let mut setup = Setup::default();
        let mut accounts = None;
        let mut without_users = false;
        let mut more_users = Vec::new();
        let mut vars = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.fits(heading)) {
            let says = row.clone();
            setup.dialect = says.dialect.unwrap_or(setup.dialect);
            setup.version = says.version.or(setup.version);
            setup.directory = says.directory.or(setup.directory);
            setup.replays = says.origin.unwrap_or(setup.replays);
            setup.options.extend(says.options);
            setup.settings.extend(says.settings);
            more_users.extend(says.users);
            vars.extend(says.vars);
            accounts = says.accounts.or(accounts);
            without_users = says.without_users.unwrap_or(without_users);
        }
        if setup.dialect.is_empty() {
            bail!("fixtures/profiles.toml has no row for {}", heading.name);
        }
        let accounts = accounts.unwrap_or_else(|| setup.dialect.clone());
        let held = self.accounts.get(&accounts).context("no such accounts in accounts*.json")?;
        for (name, value) in held.get("vars").and_then(Value::as_object).into_iter().flatten() {
            setup.variables.set(name, value.clone());
        }
        setup.variables.set("run", std::process::id().to_string());
        for (name, value) in vars {
            setup.variables.set(name, value);
        }
        setup.accounts = held_for(held, &heading.scenario, without_users, more_users);
        Ok(setup)
    }
}

impl Row {
    fn fits(&self, heading: &Heading) -> bool {
        let folder = heading.folder.strip_prefix(&self.folder);
        folder.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            && self.profile.as_ref().is_none_or(|profile| *profile == heading.profile)
            && self.scenario.as_ref().is_none_or(|scenario| *scenario == heading.scenario)
    }
}

/// What every server held: the members of `accounts.json` and of every `accounts-NAME.json`. A file
/// that has no member NAME is that member itself.
fn accounts(folder: &Path) -> Result<Map<String, Value>> {
    let mut held = Map::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(name) = name.strip_prefix("accounts").and_then(|rest| rest.strip_suffix(".json"))
        else {
            continue;
        };
        let name = name.trim_start_matches('-');
        let text = fs::read_to_string(&path)?;
        let document: Map<String, Value> =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        if name.is_empty() || document.contains_key(name) {
            held.extend(document);
        } else {
            held.insert(name.to_owned(), Value::Object(document));
        }
    }
    Ok(held)
}

/// The accounts of a scenario. Accounts for other scenarios are left out. Each one in `more`
/// replaces the account of the same name.
fn held_for(held: &Value, scenario: &str, without_users: bool, more: Vec<Value>) -> Value {
    let mut held = held.clone();
    if let Some(users) = held.get_mut("users").and_then(Value::as_array_mut) {
        users.retain(|user| {
            let only = user.get("only_for").and_then(Value::as_array);
            !without_users && only.is_none_or(|names| names.iter().any(|name| name == scenario))
        });
        let name = |user: &Value| user.get("username").cloned();
        users.retain(|user| !more.iter().any(|other| name(other) == name(user)));
        users.extend(more);
    }
    held
}
