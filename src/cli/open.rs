//! Opens the configuration that the command line names, and the store, also while a gateway is
//! running.

use std::sync::Arc;

use anyhow::bail;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::NewKey;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::User;
use isogloss_canonical::user::UserId;
use isogloss_store::{Numbered, Store};

use crate::auth::guessing::{self, Policy};
use crate::auth::restrictions::{Restrictions, restrictions};
use crate::backends::Backends;
use crate::cli::arguments::{At, Place};
use crate::config::check::report::Scope;
use crate::config::check::{check, check_files};
use crate::config::finding::Findings;
use crate::config::load::{self, Loaded};
use crate::config::settings::Settings;
use crate::gateway::guess_policy;
use crate::layers::sidecar::layer::Sidecar;
use crate::provision::bootstrap;
use crate::sessions::Sessions;
use crate::{registry, startup};

/// The configuration, valid or not.
pub(crate) fn read(place: &Place) -> anyhow::Result<Loaded> {
    let loaded = load::read(place.config.as_deref());
    Ok(with_data_dir(loaded.map_err(|findings| findings.refusal())?, place))
}

fn with_data_dir(mut loaded: Loaded, place: &Place) -> Loaded {
    if let Some(directory) = &place.data_dir {
        loaded.settings.store.directory.clone_from(directory);
        loaded.from_command_line("--data-dir", &["store", "directory"]);
    }
    loaded
}

/// All findings of the configuration, and the settings if they can be read.
pub(crate) fn findings(place: &Place) -> (Option<Settings>, Findings) {
    match load::read(place.config.as_deref()) {
        Err(findings) => (None, findings),
        Ok(loaded) => {
            let loaded = with_data_dir(loaded, place);
            let mut findings = check(&loaded, Scope::Whole, registry::SYSTEMS);
            findings.extend(check_files(&loaded, registry::SYSTEMS));
            (Some(loaded.settings), findings)
        }
    }
}

/// The configuration in effect, for commands that only read it. Only its structure is checked.
pub(crate) fn settings(place: &Place) -> anyhow::Result<Settings> {
    let loaded = read(place)?;
    loaded.findings.verdict()?;
    Ok(loaded.settings)
}

/// The configuration in effect. It is refused if `serve` would refuse it.
fn checked(place: &Place) -> anyhow::Result<Settings> {
    let loaded = read(place)?;
    check(&loaded, Scope::Whole, registry::SYSTEMS).verdict()?;
    Ok(loaded.settings)
}

/// The users of one backend of the configuration.
pub(crate) struct People {
    store: Store,
    sessions: Sessions,
    policy: Policy,
    backend: Arc<dyn Backend>,
    sidecar: Option<Sidecar>,
    namespaces: Vec<Numbered>,
}

/// The users of a backend. Without a name, those of the embedded store or of the only backend.
pub(crate) async fn people(at: &At) -> anyhow::Result<People> {
    let settings = checked(&at.place)?;
    let store = startup::open_store(&settings).await?;
    let backends = Backends::open(&settings, &store).await?;
    let name = name(&settings, at)?;
    let backend = backends.named(&name)?;
    let sidecar = backends.sidecar(&name).cloned();
    let namespaces = registry::numbered(settings.named_namespaces());
    let sessions = backends.sessions(&name, &store);
    let policy = guess_policy(&settings.auth);
    Ok(People { store, sessions, policy, backend, sidecar, namespaces })
}

fn name(settings: &Settings, at: &At) -> anyhow::Result<String> {
    if let Some(name) = &at.backend {
        return Ok(name.clone());
    }
    let mut all = settings.backend.iter();
    match (
        all.find(|(_, backend)| registry::SYSTEMS.is_embedded(&backend.system)),
        settings.backend.len(),
    ) {
        (Some((name, _)), _) => Ok(name.clone()),
        (None, 1) => Ok(settings.backend.keys().next().cloned().unwrap_or_default()),
        (None, _) => bail!("there are several backends; name one with --backend"),
    }
}

impl People {
    /// Runs a command as the operator, who can read the data directory and therefore may do
    /// everything.
    pub(crate) async fn execute(&self, command: Command) -> anyhow::Result<Outcome> {
        let ready = self.backend.capability().check(command.verb());
        let result = match ready {
            Ok(()) => self.backend.execute(command).await,
            Err(fault) => Err(fault),
        };
        result.map_err(|fault| sentence(&fault))
    }

    /// The same for a command whose names are those of the system, not aliases.
    pub(crate) async fn execute_by_system_names(
        &self,
        command: Command,
    ) -> anyhow::Result<Outcome> {
        match &self.sidecar {
            Some(sidecar) => sidecar.execute(command).await.map_err(|fault| sentence(&fault)),
            None => self.execute(command).await,
        }
    }

    /// The owner of the key with this value: none, the application (`Some(None)`) or a person.
    pub(crate) async fn holder(&self, key: &NewKey) -> anyhow::Result<Option<Option<UserId>>> {
        let find = Command::FindKey(key.namespace.clone(), key.value.clone());
        match self.backend.execute(find).await {
            Ok(Outcome::KeyFound(found, _)) => Ok(Some(found.owner)),
            Ok(_) => bail!("the backend cannot look up the owner of a key"),
            Err(fault) if fault.is_absence_of(Subject::Key) => Ok(None),
            Err(fault) => Err(sentence(&fault)),
        }
    }

    /// Removes the counts of wrong passwords for a user.
    pub(crate) async fn unlock(&self, user: &User) -> anyhow::Result<()> {
        guessing::unlock(&self.sessions, user).await.map_err(|fault| sentence(&fault))?;
        self.execute(Command::ClearFailures(user.into())).await.map(drop)
    }

    /// Of each user whether they are locked, and how many addresses have to wait.
    pub(crate) async fn restrictions(&self, users: &[User]) -> anyhow::Result<Vec<Restrictions>> {
        let read = restrictions(&self.sessions, self.policy, users).await;
        read.map_err(|fault| sentence(&fault))
    }

    /// The sidecar of the backend, if it is a remote one.
    pub(crate) const fn sidecar(&self) -> Option<&Sidecar> {
        self.sidecar.as_ref()
    }

    /// The embedded store, if it is the backend.
    pub(crate) const fn embedded(&self) -> Option<&Store> {
        if self.sidecar.is_none() { Some(&self.store) } else { None }
    }

    /// The id namespaces of the configuration.
    pub(crate) fn namespaces(&self) -> &[Numbered] {
        &self.namespaces
    }

    /// Says a fault to the operator.
    pub(crate) fn said(fault: &Fault) -> anyhow::Error {
        sentence(fault)
    }

    /// Closes the stores.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }
}

/// Says a fault to the operator.
fn sentence(fault: &Fault) -> anyhow::Error {
    let what = match fault.subject {
        Some(Subject::User) => "user",
        Some(Subject::Username) => "user name",
        Some(Subject::Email) => "e-mail address",
        Some(Subject::Password) => "password",
        Some(Subject::Group) => "group",
        Some(Subject::Membership) => "membership",
        Some(Subject::Key) => "key",
        Some(Subject::Directory) => "directory",
        None => "thing",
    };
    match fault.kind {
        FaultKind::NotFound | FaultKind::Conflict if !fault.detail.is_empty() => {
            anyhow::anyhow!("{}", fault.detail)
        }
        FaultKind::NotFound => anyhow::anyhow!("no such {what}"),
        FaultKind::Conflict => anyhow::anyhow!("this {what} exists already"),
        FaultKind::Malformed
        | FaultKind::TooLarge
        | FaultKind::UnknownMethod
        | FaultKind::Invalid
        | FaultKind::Unauthenticated
        | FaultKind::Forbidden
        | FaultKind::Unsupported
        | FaultKind::Throttled
        | FaultKind::Unavailable
        | FaultKind::Timeout
        | FaultKind::Unexpected => {
            if fault.detail.is_empty() {
                return anyhow::Error::new(fault.clone());
            }
            anyhow::anyhow!(bootstrap::words(fault))
        }
    }
}
