//! Opens what the command line points at: the configuration, and the store beside a gateway that
//! may be running.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_store::Store;

use crate::backends::Backends;
use crate::cli::arguments::{At, Place};
use crate::config::load;
use crate::config::settings::Settings;
use crate::provision::bootstrap;
use crate::{registry, startup};

/// The configuration in force.
pub(crate) fn settings(place: &Place) -> anyhow::Result<Settings> {
    let mut settings = load::load(place.config.as_deref())?;
    if let Some(directory) = &place.data_dir {
        settings.store.directory.clone_from(directory);
    }
    Ok(settings)
}

/// People behind one backend of the configuration.
pub(crate) struct People {
    store: Store,
    backends: Backends,
    backend: Arc<dyn Backend>,
}

/// The people behind a backend; without a name, behind the embedded store or the only backend.
pub(crate) async fn people(at: &At) -> anyhow::Result<People> {
    let settings = settings(&at.place)?;
    let store = startup::open_store(&settings).await?;
    let backends = Backends::open(&settings, &store).await?;
    let backend = backends.named(&name(&settings, at)?, &BTreeMap::new())?;
    Ok(People { store, backends, backend })
}

fn name(settings: &Settings, at: &At) -> anyhow::Result<String> {
    if let Some(name) = &at.backend {
        return Ok(name.clone());
    }
    let mut all = settings.backend.iter();
    match (all.find(|(_, backend)| backend.system == registry::STORE), settings.backend.len()) {
        (Some((name, _)), _) => Ok(name.clone()),
        (None, 1) => Ok(settings.backend.keys().next().cloned().unwrap_or_default()),
        (None, _) => bail!("there are several backends; --backend says which"),
    }
}

impl People {
    /// Runs a command as the operator, who holds the data directory and so may do everything.
    pub(crate) async fn execute(&self, command: Command) -> anyhow::Result<Outcome> {
        let ready = self.backend.capability().check(command.verb());
        let result = match ready {
            Ok(()) => self.backend.execute(command, &Caller::Gateway).await,
            Err(fault) => Err(fault),
        };
        result.map_err(|fault| sentence(&fault))
    }

    /// Closes what was opened.
    pub(crate) async fn close(&self) {
        self.backends.close().await;
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
        FaultKind::NotFound => anyhow::anyhow!("there is no such {what}"),
        FaultKind::Conflict => anyhow::anyhow!("there is such a {what} already"),
        _ if fault.detail.is_empty() => anyhow::Error::new(fault.clone()),
        _ => anyhow::anyhow!(bootstrap::words(fault)),
    }
}
