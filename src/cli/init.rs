//! `isogloss init`, and the first start of `isogloss serve`.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use crate::cli::arguments::Init;
use crate::cli::{open, print};
use crate::config::secret::environment;
use crate::config::values;
use crate::provision::accounts::Accounts;
use crate::provision::bootstrap::{self, FirstAdministrator};
use crate::provision::check::{Counts, check};
use crate::provision::credentials;
use crate::provision::source::Source;
use crate::provision::state::State;

/// Creates the administrator, or the users of an accounts file.
pub(crate) async fn run(ask: &Init) -> anyhow::Result<()> {
    let settings = open::settings(&ask.place)?;
    let directory = &settings.store.directory;
    let Some(file) = &ask.accounts else {
        let state = values::state(&settings)?.take().await?;
        let first = first_administrator()?;
        let tell = |_: &Path| {
            let shown = &first.credentials;
            let told = if ask.json { print::line(&shown.to_string()) } else { show(shown) };
            told.map_err(|why| {
                anyhow!("nobody reads the credentials; nothing was changed: {why:#}")
            })
        };
        return state.initialise(&(&first.accounts).into(), tell).await;
    };
    let accounts =
        Source::of_file(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let counts = check(&accounts).with_context(|| file.display().to_string())?;
    values::state(&settings)?.take().await?.initialise(&accounts, |_| Ok(())).await?;
    let Counts { users, application_keys: keys } = counts;
    if ask.json {
        return print::line(&json!({"users": users, "application_keys": keys}).to_string());
    }
    print::line(&format!(
        "{users} users and {keys} application keys are in {}",
        directory.display()
    ))
}

/// The first start: creates the administrator, writes the credentials to a file, and prints them
/// once.
pub(crate) async fn first_start(state: &State) -> anyhow::Result<()> {
    let FirstAdministrator { accounts, credentials } = first_administrator()?;
    let leave = |draft: &Path| credentials::write_credentials(draft, &credentials);
    state.initialise(&(&accounts).into(), leave).await?;
    let path = state.directory().join(credentials::CREDENTIALS);
    let path = path.display();
    let also = format!("They are also in {path}. They are printed only this once.");
    if let Err(error) = show(&credentials).and_then(|()| print::line(&also)) {
        tracing::warn!(%error, %path, "the first credentials could not be printed; they are in the file");
    }
    Ok(())
}

/// The first start if the setup wizard of a route creates the administrator: makes a store without users.
pub(crate) async fn await_wizard(state: &State, path: &str) -> anyhow::Result<()> {
    state.initialise(&(&Accounts::default()).into(), |_| Ok(())).await?;
    let page = format!("{path}/");
    tracing::warn!(
        page,
        "there is no user: whoever opens this page first becomes the administrator"
    );
    let told = print::line(&format!(
        "There is no user yet. Open the page {page} of the gateway and create the administrator. Whoever \
         opens it first can do so."
    ));
    if let Err(error) = told {
        tracing::warn!(%error, "standard output is not read");
    }
    Ok(())
}

/// Whether the environment has a password for the first administrator.
pub(crate) fn has_password() -> bool {
    environment(PASSWORD).is_some()
}

/// The variable with the password of the first administrator.
const PASSWORD: &str = "ISOGLOSS_ADMIN_PASSWORD";

fn first_administrator() -> anyhow::Result<FirstAdministrator> {
    bootstrap::first_administrator(environment(PASSWORD))
}

/// Prints the credentials as a text.
fn show(credentials: &Value) -> anyhow::Result<()> {
    print::line("The administrator and a key for each dialect:")?;
    for (system, words) in credentials.as_object().into_iter().flatten() {
        for (word, value) in words.as_object().into_iter().flatten() {
            print::line(&format!("  {system:<10} {word:<10} {}", value.as_str().unwrap_or("")))?;
        }
    }
    Ok(())
}
