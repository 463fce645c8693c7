//! A gateway with every dialect before every system, and a relay between the gateway and each
//! system. A second gateway with its own store plays the system.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use isogloss::backends::Backends;
use isogloss::config::load;
use isogloss::provision::accounts::{Account, AccountKey, Accounts};
use isogloss::provision::bootstrap;
use isogloss::{registry, startup};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::UserRef;
use isogloss_testkit::gateway::Gateway as System;
use isogloss_testkit::profile::Setup;
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::relay::Relay;

/// The service credential of the gateway at each system. The administrator's clients use it too.
pub(crate) const KEY: &str = "b8c1f2d3e4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d";
/// How many people each dialect has for its calls.
const PEOPLE: usize = 5;
/// How many more people there are, for batches.
pub(crate) const MORE: usize = 50;
/// The team of those who call.
const TEAM: &str = "crew";

/// The gateway, and the systems behind it.
pub(crate) struct Scene {
    pub(crate) front: Gateway,
    relays: BTreeMap<&'static str, Relay>,
    ids: BTreeMap<(&'static str, &'static str, String), String>,
    _systems: Vec<System>,
}

impl Scene {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut relays, mut systems) = (BTreeMap::new(), Vec::new());
        for (adapter, _) in registry::remotes() {
            let accounts = accounts_of(adapter.name);
            let setup = Setup { dialect: adapter.name.to_owned(), accounts, ..Setup::default() };
            let program = Path::new(env!("CARGO_BIN_EXE_isogloss"));
            let system = System::start(program, &setup).unwrap();
            let address = system.url.trim_start_matches("http://").parse().unwrap();
            relays.insert(adapter.name, Relay::before(address));
            systems.push(system);
        }
        let config = configuration(&folder.path().join("data"), &relays);
        fs::write(folder.path().join("gateway.toml"), config).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let ids = runtime.block_on(take_over(folder.path()));
        let front = Gateway::serve(folder);
        Self { front, relays, ids, _systems: systems }
    }

    pub(crate) fn relay(&self, system: &str) -> &Relay {
        &self.relays[system]
    }

    /// The id that clients of a dialect know, of a person or a team before a system.
    pub(crate) fn id(&self, system: &'static str, dialect: &'static str, name: &str) -> &str {
        &self.ids[&(system, dialect, name.to_owned())]
    }

    /// The id of the team.
    pub(crate) fn team(&self, system: &'static str, dialect: &'static str) -> &str {
        self.id(system, dialect, TEAM)
    }
}

/// The path prefix of a dialect before a system.
pub(crate) fn path(dialect: &str, system: &str) -> String {
    format!("/{dialect}-on-{system}")
}

/// A person of a dialect.
pub(crate) fn person(dialect: &str, number: usize) -> String {
    format!("{dialect}{}", number % PEOPLE)
}

/// One of the people for batches.
pub(crate) fn another(number: usize) -> String {
    format!("more{number}")
}

/// A person's password.
pub(crate) fn password(name: &str) -> String {
    format!("secret-{name}")
}

/// A person's key in a dialect.
pub(crate) fn key(dialect: &str, name: &str) -> String {
    hex::encode(format!("{dialect:.>10}{name:.>20}"))
}

/// The people who call.
fn callers() -> impl Iterator<Item = String> {
    registry::dialects().flat_map(|adapter| (0..PEOPLE).map(|number| person(adapter.name, number)))
}

/// The accounts of a system before the gateway is connected. Their keys are the system's own.
fn accounts_of(system: &str) -> Value {
    let service = json!([{"dialect": system, "value": KEY}]);
    let application = registry::adapter(system).unwrap().application_key;
    let (own, theirs) = if application { (json!([]), service) } else { (service, json!([])) };
    let mut users = vec![json!({
        "username": "admin", "password": "the first secret", "admin": true, "keys": own,
        "email": "admin@example.org",
    })];
    users.extend(callers().map(|name| {
        json!({
            "username": name, "email": format!("{name}@example.org"),
            "password": password(&name),
            "keys": [{"dialect": system, "value": key(system, &name)}],
        })
    }));
    users.extend((0..MORE).map(|number| json!({"username": another(number)})));
    json!({"users": users, "application_keys": theirs})
}

/// Gives the people of each system the keys of the other dialects and a team. Answers their ids.
async fn take_over(folder: &Path) -> BTreeMap<(&'static str, &'static str, String), String> {
    let settings = load::load(Some(&folder.join("gateway.toml"))).unwrap();
    bootstrap::initialise(&folder.join("data"), &Accounts::default()).await.unwrap();
    let store = startup::open_store(&settings).await.unwrap();
    let backends = Backends::open(&settings, &store).await.unwrap();
    let mut ids = BTreeMap::new();
    for (adapter, _) in registry::remotes() {
        let sidecar = backends.named(adapter.name).unwrap();
        equip(sidecar.as_ref(), adapter.name).await;
        let names: Vec<String> = callers().chain((0..MORE).map(another)).collect();
        for dialect in registry::dialects() {
            let namespace = IdNamespace::named(dialect.name);
            for name in &names {
                let read = Command::GetUser(UserRef::Name(name.clone()));
                let user = sidecar.execute(read).await.unwrap().user().unwrap();
                let id = user.native(&namespace).unwrap_or(name).to_owned();
                ids.insert((adapter.name, dialect.name, name.clone()), id);
            }
            let read = Command::GetGroup(GroupRef::Name(None, TEAM.to_owned()));
            let team = sidecar.execute(read).await.unwrap().group().unwrap();
            let id = team.native(&namespace).unwrap_or(TEAM).to_owned();
            ids.insert((adapter.name, dialect.name, TEAM.to_owned()), id);
        }
    }
    store.close().await;
    ids
}

async fn equip(sidecar: &dyn Backend, system: &str) {
    let team = NewGroup { name: TEAM.to_owned(), ..NewGroup::default() };
    sidecar.execute(Command::CreateGroup(Box::new(team))).await.unwrap();
    let others = || registry::dialects().filter(|adapter| adapter.name != system);
    let applications = others().filter(|adapter| adapter.application_key);
    let applications = applications.map(|adapter| AccountKey::plain(adapter.name, KEY.to_owned()));
    let mut accounts = Accounts::default();
    accounts.application_keys.extend(applications);
    accounts.equip(sidecar).await.unwrap();
    let persons = others().filter(|adapter| !adapter.application_key);
    let persons = persons.map(|adapter| AccountKey::plain(adapter.name, KEY.to_owned()));
    let mut admin = Account::default();
    admin.keys.extend(persons);
    admin.equip(sidecar, &UserRef::Name("admin".to_owned())).await.unwrap();
    for name in callers() {
        let keys =
            others().map(|adapter| AccountKey::plain(adapter.name, key(adapter.name, &name)));
        let mut account = Account::default();
        account.keys.extend(keys);
        account.groups.push(TEAM.to_owned());
        account.equip(sidecar, &UserRef::Name(name)).await.unwrap();
    }
}

fn configuration(data: &Path, relays: &BTreeMap<&'static str, Relay>) -> String {
    let data = data.display();
    let mut text = "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nremember_secs = 600\n".to_owned();
    writeln!(text, "[store]\ndirectory = \"{data}\"").unwrap();
    for (system, relay) in relays {
        let url = &relay.url;
        writeln!(
            text,
            "[backend.{system}]\nsystem = \"{system}\"\nurl = \"{url}\"\nsecret = \"{KEY}\""
        )
        .unwrap();
        for dialect in registry::dialects().map(|adapter| adapter.name) {
            let path = path(dialect, system);
            writeln!(
                text,
                "[[route]]\npath = \"{path}\"\ndialect = \"{dialect}\"\nbackend = \"{system}\""
            )
            .unwrap();
        }
    }
    text
}
