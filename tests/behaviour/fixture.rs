//! The backends under test. Each is new: a store, or a remote system with its sidecar.

use std::fmt;
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
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_store::Store;
use isogloss_testkit::database::State;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::prepared::Files;
use isogloss_testkit::profile::Setup;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::TestBackend;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");

/// The service credential of the gateway at a system. A second gateway plays the system.
const KEY: &str = "b8c1f2d3e4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d";

/// All users that the cases create. On a live server they are deleted before each case.
const MADE: [&str; 7] = ["ada", "bob", "carol", "chief", "first", "lovelace", "mary"];

/// All teams that the cases create. On a live server they are deleted before each case.
const TEAMS: [&str; 2] = ["engineers", "builders"];

/// A store without accounts. Each backend gets a copy.
static PREPARED: OnceCell<Files> = OnceCell::const_new();

/// On a live server the cases run one at a time.
static LIVE_SERVER: Mutex<()> = Mutex::const_new(());

/// A backend to be tested: the store, or a version of a system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System {
    /// The name of the system.
    pub(crate) name: &'static str,
    /// Its version; `None`: the default.
    pub(crate) version: Option<&'static str>,
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.version.map_or(Ok(()), |version| write!(f, "-{version}"))
    }
}

/// The dialect whose keys and settings the cases use. As a backend it is the system that stores them.
pub(crate) fn first_dialect() -> &'static str {
    registry::dialects().map(|adapter| adapter.name).next().unwrap()
}

/// The values that must exist as long as the backend.
pub(crate) struct Fixture {
    store: Store,
    _state: State,
    _system: Option<Gateway>,
    _folder: TempDir,
    lock: Option<MutexGuard<'static, ()>>,
    credential: Option<(String, String)>,
}

impl Fixture {
    /// Makes a new backend for a live server if the environment names one, otherwise for a second
    /// gateway.
    pub(crate) async fn backend(tested: System) -> Result<TestBackend> {
        let System { name: system, version } = tested;
        if registry::SYSTEMS.is_embedded(system) {
            return Self::made(None, system, &format!("system = {system:?}")).await;
        }
        let variable =
            |what: &str| environment(&format!("ISOGLOSS_TEST_{}_{what}", system.to_uppercase()));
        if let (Some(url), None) = (variable("URL"), version) {
            let secret = variable("SECRET").context("the live server's _SECRET is not set")?;
            let lock = LIVE_SERVER.lock().await;
            let mut tested = Self::live(system, &url, &secret).await?;
            tested.fixture.lock = Some(lock);
            return Ok(tested);
        }
        let setup = Setup {
            dialect: system.to_owned(),
            version: version.map(str::to_owned),
            accounts: accounts(system),
            ..Setup::default()
        };
        let gateway = Gateway::as_system(Path::new(PROGRAM), &setup)?;
        let url = gateway.url.clone();
        Self::over(Some(gateway), tested, &url, KEY).await
    }

    /// Makes the backend of a live server, and deletes the users of earlier cases there.
    pub(crate) async fn live(system: &'static str, url: &str, secret: &str) -> Result<TestBackend> {
        let system = System { name: system, version: None };
        let tested = Self::over(None, system, url, secret).await?;
        clear(&tested.backend).await?;
        Ok(tested)
    }

    /// Makes the backend of a server with this URL.
    pub(crate) async fn over(
        gateway: Option<Gateway>,
        System { name, version }: System,
        url: &str,
        secret: &str,
    ) -> Result<TestBackend> {
        let mut text = format!("system = {name:?}\nurl = {url:?}\nsecret = {secret:?}");
        text.extend(version.map(|version| format!("\nversion = {version:?}")));
        let mut tested = Self::made(gateway, name, &text).await?;
        tested.fixture.credential = Some((name.to_owned(), secret.to_owned()));
        Ok(tested)
    }

    async fn made(gateway: Option<Gateway>, system: &str, backend: &str) -> Result<TestBackend> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let config = folder.path().join("gateway.toml");
        PREPARED.get_or_try_init(prepare).await?.write(&data)?;
        let state = State::copy_of(Path::new(PROGRAM), "without accounts", &data)?;
        let (store, table) = (data.display(), state.table());
        let text =
            format!("[store]\ndirectory = \"{store}\"\n{table}[backend.people]\n{backend}\n");
        std::fs::write(&config, text)?;
        let settings = load::load(Some(&config))?;
        let store = startup::open_store(&settings).await?;
        let backends = Backends::open(&settings, &store).await?;
        let backend = Arc::clone(&backends.named("people")?);
        let fixture = Self {
            store,
            _state: state,
            _system: gateway,
            _folder: folder,
            lock: None,
            credential: None,
        };
        Ok(TestBackend { system: system.to_owned(), backend, fixture })
    }

    /// The store of the gateway.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// The id namespace of a system, and a key that only the system has.
    pub(crate) fn credential(&self) -> Option<(String, String)> {
        self.credential.clone()
    }

    /// Closes the stores.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }
}

async fn prepare() -> Result<Files> {
    let folder = tempfile::tempdir()?;
    bootstrap::initialise(folder.path(), &Accounts::default()).await?;
    Files::read(folder.path())
}

/// Deletes the users and teams of earlier cases.
async fn clear(backend: &Arc<dyn Backend>) -> Result<()> {
    for user in backend.execute(Command::ListUsers).await?.users()? {
        if MADE.contains(&user.username.as_str()) {
            backend.execute(Command::DeleteUser(UserRef::from(&user))).await?;
        }
    }
    if !backend.capability().has(Verb::DeleteGroup) {
        return Ok(());
    }
    for group in backend.execute(Command::ListGroups(None)).await?.groups()? {
        if TEAMS.contains(&group.name.as_str()) {
            backend.execute(Command::DeleteGroup(GroupRef::from(&group))).await?;
        }
    }
    Ok(())
}

/// The accounts of a system: an administrator with the service credential. If the system has
/// application keys, the credential is one.
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
