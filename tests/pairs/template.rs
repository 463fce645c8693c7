//! The stores and the two gateways of a pair. The first gateway is under test. The second one plays
//! the system behind it.
//!
//! The system has an administrator, whose key is the service credential. The other users of the
//! recordings are created through the first gateway: the sidecar stores their keys, and the ids that
//! the clients know. If the dialect and the system are the same, the system has all users and keys
//! from the start, and the sidecar has nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use isogloss::backends::Backends;
use isogloss::config::load;
use isogloss::provision::accounts::{Account, Accounts};
use isogloss::provision::bootstrap;
use isogloss::{registry, startup};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{UserPatch, UserRef};
use isogloss_testkit::database::State;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::gateway::{Gateway, copy};
use isogloss_testkit::leaks::Secrets;
use isogloss_testkit::ledger::Deviation;
use isogloss_testkit::played::Played;
use isogloss_testkit::player::play;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::replay::Replay;
use isogloss_testkit::transcript::Transcript;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// The service credential of the gateway at the system.
const KEY: &str = "b8c1f2d3e4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d";
/// The name of the administrator. Every system has one.
const ADMIN: &str = "admin";

/// The stores of a pair with all users. Each scenario gets a copy.
pub(crate) struct Template {
    system: String,
    folder: TempDir,
}

impl Template {
    /// Creates the stores.
    pub(crate) fn make(system: &str, setup: &Setup) -> Result<Self> {
        let template = Self { system: system.to_owned(), folder: tempfile::tempdir()? };
        block_on(template.fill(setup))?;
        Ok(template)
    }

    async fn fill(&self, setup: &Setup) -> Result<()> {
        let first = there_first(&self.system, setup)?;
        bootstrap::initialise(&self.system_directory(), &Accounts::read(&first.to_string())?)
            .await?;
        bootstrap::initialise(&self.gateway_directory(), &Accounts::default()).await?;
        if setup.dialect == self.system {
            return Ok(());
        }
        let mut behind = self.start_system()?;
        let everybody = Accounts::read(&setup.accounts.to_string())?;
        self.introduce(&setup.dialect, &everybody, &behind.url).await?;
        behind.stop();
        std::fs::remove_dir_all(self.system_directory())?;
        copy(&behind.data_dir(), &self.system_directory())
    }

    /// Makes everybody through the sidecar, or takes over who is there.
    async fn introduce(&self, dialect: &str, everybody: &Accounts, url: &str) -> Result<()> {
        let config = self.folder.path().join("gateway.toml");
        let store = format!("[store]\ndirectory = \"{}\"\n", self.gateway_directory().display());
        std::fs::write(&config, store + &self.backend(url))?;
        let settings = load::load(Some(&config))?;
        let store = startup::open_store(&settings).await?;
        let backends = Backends::open(&settings, &store).await?;
        let sidecar = backends.named("people")?;
        let (known, new): (Vec<_>, Vec<_>) =
            everybody.users.iter().cloned().partition(|account| account.username == ADMIN);
        for account in &known {
            let taken = self.take_over(sidecar.as_ref(), dialect, account).await;
            taken.with_context(|| format!("taking over {}", account.username))?;
        }
        let mut rest = everybody.clone();
        rest.users = new;
        rest.provision(sidecar.as_ref()).await?;
        store.close().await;
        Ok(())
    }

    /// Gives somebody who is there the ids and keys that the dialect's clients know.
    async fn take_over(
        &self,
        sidecar: &dyn Backend,
        dialect: &str,
        account: &Account,
    ) -> Result<()> {
        let user = UserRef::Name(account.username.clone());
        if let Some(id) = account.ids.get(dialect) {
            let rows = vec![(user.clone(), IdNamespace::new(dialect), id.to_string())];
            sidecar.execute(Command::AssignIds(rows)).await?;
        }
        let attributes = account.kept().into_iter();
        let attributes = attributes.map(|(name, value)| (name, Some(value))).collect();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let name = Facts::load(&fixtures, dialect)?.pairs.administrator;
        let display_name = name.map(Some);
        let email = account.email.clone().map(Some);
        let patch = UserPatch { display_name, email, attributes, ..UserPatch::default() };
        let change = Command::UpdateUser(user.clone(), Box::new(patch));
        sidecar.execute(change).await?;
        account.equip(sidecar, &user).await
    }

    /// Plays a scenario on copies of the stores.
    pub(crate) fn play(
        &self,
        mut setup: Setup,
        transcript: &Transcript,
        deviations: &[Deviation],
    ) -> Result<Vec<Played>> {
        let behind = self.start_system()?;
        let config = self.backend(&behind.url);
        if setup.replays {
            let replay = Replay::start(transcript.clone(), setup.variables.clone())?;
            setup.origin = Some(replay.url);
        }
        let (program, store) = (Path::new(PROGRAM), self.gateway_directory());
        let state = State::copy_of(program, &store.display().to_string(), &store)?;
        let gateway = Gateway::with(program, &setup, (&store, state), &config)?;
        let base = gateway.base()?;
        let played = play(transcript, &[base], &mut setup.variables, deviations);
        let log = gateway.log()?;
        ensure!(log.len() > played.len(), "the log is as good as empty");
        ensure!(!log.contains(KEY), "the log shows the service credential");
        let leaks = Secrets::of(&setup, transcript, &setup.variables).shown_in(&log);
        ensure!(leaks.is_empty(), "the log shows secrets:\n{}", leaks.join("\n"));
        Ok(played)
    }

    fn start_system(&self) -> Result<Gateway> {
        // As the real servers do, it believes the address that the gateway sends for its caller.
        let proxies = [("ISOGLOSS__SERVER__TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
        let (dialect, settings) = (self.system.clone(), proxies.into());
        let setup = Setup { dialect, settings, ..Setup::default() };
        Gateway::on(Path::new(PROGRAM), &setup, &self.system_directory(), "")
    }

    fn backend(&self, url: &str) -> String {
        let system = &self.system;
        format!("[backend.people]\nsystem = {system:?}\nurl = {url:?}\nsecret = {KEY:?}\n")
    }

    fn system_directory(&self) -> PathBuf {
        self.folder.path().join("behind")
    }

    fn gateway_directory(&self) -> PathBuf {
        self.folder.path().join("gateway")
    }
}

/// The accounts of the system before the gateway is connected: an administrator with the service
/// credential, with the name that the dialect's clients expect. If the dialect and the system are
/// the same, all accounts.
fn there_first(system: &str, setup: &Setup) -> Result<Value> {
    let adapter = registry::adapter(system).context("no such system")?;
    let mut there = setup.accounts.clone();
    let own = setup.dialect == system;
    let users = there.get_mut("users").and_then(Value::as_array_mut).context("no users")?;
    if !own {
        users.retain(|user| user["username"] == ADMIN);
        for member in ["ids", "groups", "attributes", "keys"] {
            users.iter_mut().filter_map(Value::as_object_mut).for_each(|user| {
                user.remove(member);
            });
        }
    }
    let key = json!({"dialect": system, "value": KEY});
    if !own && !adapter.application_key {
        for user in users.iter_mut().filter(|user| user["username"] == ADMIN) {
            user["keys"] = json!([key]);
        }
        return Ok(json!({"users": users}));
    }
    if !own {
        return Ok(json!({"users": users, "application_keys": [key]}));
    }
    // The service credential is one more key of the system.
    match there.get_mut("application_keys").and_then(Value::as_array_mut) {
        Some(keys) => keys.push(key),
        None => give(&mut there, &key),
    }
    there.as_object_mut().context("no accounts")?.remove("vars");
    Ok(there)
}

/// Gives the administrator one more key.
fn give(there: &mut Value, key: &Value) {
    let users = there.get_mut("users").and_then(Value::as_array_mut).into_iter().flatten();
    for user in users.filter(|user| user["username"] == ADMIN) {
        match user.get_mut("keys").and_then(Value::as_array_mut) {
            Some(keys) => keys.push(key.clone()),
            None => user["keys"] = json!([key]),
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    #[allow(clippy::unwrap_used, reason = "without a runtime there is no test")]
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}
