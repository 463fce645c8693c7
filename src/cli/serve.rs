//! `isogloss serve`.

use std::collections::BTreeMap;

use anyhow::anyhow;
use isogloss_store::Store;
use serde_json::{Map, Value};

use crate::cli::arguments::Serve;
use crate::cli::{init, open};
use crate::config::load;
use crate::config::settings::{Origin, Route, Settings};
use crate::provision::bootstrap;
use crate::{registry, startup, telemetry};

/// Serves; makes the administrator first if there is none yet.
pub(crate) fn run(ask: &Serve) -> anyhow::Result<()> {
    let settings = settings(ask)?;
    telemetry::start(&settings.log).map_err(|why| anyhow!(why))?;
    let served = actix_web::rt::System::new().block_on(async {
        let store = open(&settings).await?;
        startup::serve(&settings, store).await
    });
    telemetry::flush();
    served
}

/// From the first look at the directory to the open store nobody else comes between.
async fn open(settings: &Settings) -> anyhow::Result<Store> {
    let turn = bootstrap::take(&settings.store.directory).await?;
    if !bootstrap::is_initialised(&turn)? {
        init::first_start(&turn).await?;
    }
    bootstrap::open(&turn, registry::numbered(settings)).await
}

fn settings(ask: &Serve) -> anyhow::Result<Settings> {
    let mut settings = open::settings(&ask.place)?;
    if let Some(listen) = &ask.listen {
        settings.server.listen.clone_from(listen);
    }
    if let Some(level) = &ask.log_level {
        settings.log.level.clone_from(level);
    }
    if let Some(dialect) = &ask.dialect {
        settings.route = vec![at_the_root(dialect, ask, &settings)?];
    }
    load::check(&settings)?;
    Ok(settings)
}

/// The one route of `--dialect`.
fn at_the_root(dialect: &str, ask: &Serve, settings: &Settings) -> anyhow::Result<Route> {
    let backend = settings.backend.keys().next().ok_or(anyhow!("there is no backend"))?;
    Ok(Route {
        path: String::new(),
        host: None,
        listen: None,
        dialect: dialect.to_owned(),
        backend: backend.clone(),
        realm: None,
        version: ask.dialect_version.clone(),
        attributes: BTreeMap::new(),
        origin: ask.origin.clone().map(Origin::at),
        options: ask.options.iter().map(|text| option(text)).collect::<Result<Map<_, _>, _>>()?,
    })
}

/// `KEY=VALUE`, where the value is JSON if it can be read as such, else text.
fn option(text: &str) -> anyhow::Result<(String, Value)> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| anyhow!("--option {text:?} is not KEY=VALUE"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((key.to_owned(), value))
}
