//! Opens what the command line points at: the configuration, and the store beside a gateway that
//! may be running.

use anyhow::bail;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_store::Store;

use crate::cli::arguments::Place;
use crate::config::load;
use crate::config::settings::Settings;
use crate::provision::bootstrap;
use crate::startup;

/// The configuration in force.
pub(crate) fn settings(place: &Place) -> anyhow::Result<Settings> {
    let mut settings = load::load(place.config.as_deref())?;
    if let Some(directory) = &place.data_dir {
        settings.store.directory.clone_from(directory);
    }
    Ok(settings)
}

/// The initialised store.
pub(crate) async fn store(place: &Place) -> anyhow::Result<Store> {
    let settings = settings(place)?;
    let directory = &settings.store.directory;
    if !bootstrap::is_initialised(directory) {
        bail!("{} is not initialised; `isogloss init` does that", directory.display());
    }
    startup::open_store(&settings).await
}

/// Runs a command as the operator, who holds the data directory and so may do everything.
pub(crate) async fn execute(store: &Store, command: Command) -> anyhow::Result<Outcome> {
    store.execute(command, &Caller::Gateway).await.map_err(|fault| sentence(&fault))
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
        _ => anyhow::Error::new(fault.clone()),
    }
}
