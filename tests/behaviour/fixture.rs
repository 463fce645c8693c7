//! Backends to be tested, each fresh: a store, or a system behind its bridge.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use isogloss::backends::Backends;
use isogloss::config::load;
use isogloss::config::secret::environment;
use isogloss::provision::accounts::Accounts;
use isogloss::provision::bootstrap;
use isogloss::{registry, startup};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::user::UserRef;
use isogloss_store::Store;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Bench;

/// The service credential of the gateway at a system that is played by a second gateway.
const KEY: &str = "b8c1f2d3e4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d";

/// Everybody whom the cases make: a live server is rid of them before each.
const MADE: [&str; 6] = ["ada", "bob", "carol", "chief", "first", "lovelace"];

/// What must live as long as the backend.
pub(crate) struct Fixture {
    store: Store,
    backends: Backends,
    _system: Option<Gateway>,
    _folder: TempDir,
}

impl Fixture {
    /// Makes a fresh backend.
    pub(crate) async fn bench(system: &str) -> Result<Bench> {
        let folder = tempfile::tempdir()?;
        let (gateway, backend) = match system {
            registry::STORE => (None, "system = \"store\"".to_owned()),
            other => reach(other)?,
        };
        let data = folder.path().join("data");
        let config = folder.path().join("gateway.toml");
        let store = data.display();
        let text = format!("[store]\ndirectory = \"{store}\"\n[backend.people]\n{backend}\n");
        std::fs::write(&config, text)?;
        let settings = load::load(Some(&config))?;
        bootstrap::initialise(&data, &Accounts::default()).await?;
        let store = startup::open_store(&settings).await?;
        let backends = Backends::open(&settings, &store).await?;
        let backend = Arc::clone(&backends.named("people", &std::collections::BTreeMap::new())?);
        if gateway.is_none() && system != registry::STORE {
            clear(&backend).await?;
        }
        let fixture = Self { store, backends, _system: gateway, _folder: folder };
        Ok(Bench { system: system.to_owned(), backend, fixture })
    }

    /// Closes the stores.
    pub(crate) async fn close(&self) {
        self.backends.close().await;
        self.store.close().await;
    }
}

/// Deletes whom an earlier case has left.
async fn clear(backend: &Arc<dyn Backend>) -> Result<()> {
    for name in MADE {
        let delete = Command::DeleteUser(UserRef::Name(name.to_owned()));
        match backend.execute(delete, &Caller::Gateway).await {
            Ok(_) => {}
            Err(fault) if fault.is_absence_of(Subject::User) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}

/// A live server if the environment names one, else a second gateway.
fn reach(system: &str) -> Result<(Option<Gateway>, String)> {
    let variable =
        |what: &str| environment(&format!("ISOGLOSS_TEST_{}_{what}", system.to_uppercase()));
    if let Some(url) = variable("URL") {
        let secret = variable("SECRET").context("the live server's _SECRET is not set")?;
        return Ok((None, backend(system, &url, &secret)));
    }
    let setup =
        Setup { dialect: system.to_owned(), accounts: accounts(system), ..Setup::default() };
    let program = Path::new(env!("CARGO_BIN_EXE_isogloss"));
    let gateway = Gateway::start(program, &setup)?;
    let text = backend(system, &gateway.url, KEY);
    Ok((Some(gateway), text))
}

fn backend(system: &str, url: &str, secret: &str) -> String {
    format!("system = {system:?}\nurl = {url:?}\nsecret = {secret:?}")
}

/// An administrator with the service credential: the application's where the system has one.
fn accounts(system: &str) -> Value {
    let application = registry::adapter(system).is_some_and(|adapter| adapter.application_key);
    let key = json!([{"dialect": system, "value": KEY}]);
    let (own, theirs) = if application { (json!([]), key) } else { (key, json!([])) };
    let admin = json!({
        "username": "admin", "password": "the first secret", "admin": true,
        "email": "admin@example.org", "keys": own,
    });
    json!({"users": [admin], "application_keys": theirs})
}
