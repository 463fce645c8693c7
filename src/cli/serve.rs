//! `isogloss serve`.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use isogloss_store::Store;
use serde_json::{Map, Value};

use crate::cli::arguments::Serve;
use crate::cli::{init, open};
use crate::config::check::check;
use crate::config::check::report::Scope;
use crate::config::finding::{Key, Severity};
use crate::config::load::Loaded;
use crate::config::settings::{Mode, Origin, Route, Settings, default_backend};
use crate::config::values;
use crate::{registry, startup, telemetry};

/// Serves. If there is no administrator yet, it creates one first, unless the setup wizard of a route
/// shall do it. Errors of the configuration are
/// reported before anything is opened.
pub(crate) fn run(ask: &Serve) -> anyhow::Result<()> {
    let loaded = loaded(ask)?;
    let scope = if ask.dialect.is_some() { Scope::OneRoute } else { Scope::Whole };
    let findings = check(&loaded, scope, registry::SYSTEMS);
    findings.verdict()?;
    let settings = loaded.settings;
    telemetry::start(&settings.log).map_err(|why| anyhow!(why))?;
    for warning in findings.of(Severity::Warning) {
        tracing::warn!("configuration: {warning}");
    }
    let served = actix_web::rt::System::new().block_on(async {
        let store = if settings.has_accounts() { Some(open(&settings).await?) } else { None };
        startup::serve(&settings, store).await
    });
    telemetry::flush();
    served
}

/// Opens the store. The lock on the directory is held from the first check until the store is open.
async fn open(settings: &Settings) -> anyhow::Result<Store> {
    let state = values::state(settings)?.take().await?;
    let namespaces = || registry::numbered(settings.named_namespaces());
    if let Some(store) = state.open_initialised(namespaces()).await? {
        return Ok(store);
    }
    match wizard_of(settings) {
        Some(route) if !init::has_password() => init::await_wizard(&state, &route.path).await?,
        Some(_) | None => init::first_start(&state).await?,
    }
    let opened = state.open_initialised(namespaces()).await?;
    opened.ok_or_else(|| anyhow!("the store was not initialised"))
}

/// The route whose setup wizard creates the first user of the embedded store, if an option says so.
fn wizard_of(settings: &Settings) -> Option<&Route> {
    let is_of_store = |route: &&Route| {
        let backend = settings.backend.get(&route.backend);
        let embedded =
            backend.is_some_and(|backend| registry::SYSTEMS.is_embedded(&backend.system));
        embedded && route.mode == Mode::Normal
    };
    settings.route.iter().filter(is_of_store).find(|route| {
        let options = settings.dialect_options(route);
        let made = registry::SYSTEMS.make_dialect(&route.dialect, &options);
        made.is_ok_and(|dialect| dialect.vouching().wizard)
    })
}

fn loaded(ask: &Serve) -> anyhow::Result<Loaded> {
    let mut loaded = open::read(&ask.place)?;
    if let Some(listen) = &ask.listen {
        loaded.settings.server.listen.clone_from(listen);
        loaded.from_command_line("--listen", &["server", "listen"]);
    }
    if let Some(level) = &ask.log_level {
        loaded.settings.log.level.clone_from(level);
        loaded.from_command_line("--log-level", &["log", "level"]);
    }
    if let Some(dialect) = &ask.dialect {
        let route = at_the_root(dialect, ask, &loaded)?;
        loaded.only_route(route);
    }
    Ok(loaded)
}

/// The one route of `--dialect`. In the mode `proxy` no backend is used, so that there may be several.
fn at_the_root(dialect: &str, ask: &Serve, loaded: &Loaded) -> anyhow::Result<Route> {
    let mode = ask.mode.unwrap_or_default();
    let backend = match mode {
        Mode::Normal => only_backend(loaded)?,
        Mode::Proxy => only_backend(loaded).unwrap_or_else(|_| default_backend()),
    };
    Ok(Route {
        path: String::new(),
        host: None,
        listen: None,
        dialect: dialect.to_owned(),
        mode,
        backend,
        id_namespace: None,
        version: ask.dialect_version.clone(),
        attributes: BTreeMap::new(),
        origin: ask.origin.clone().map(Origin::at),
        options: ask.options.iter().map(|text| option(text)).collect::<Result<Map<_, _>, _>>()?,
    })
}

/// The backend of `--dialect`: the configured one, or the built-in one.
fn only_backend(loaded: &Loaded) -> anyhow::Result<String> {
    let all: Vec<_> = loaded.settings.backend.keys().collect();
    let is_given = |name: &&&String| loaded.sources.is_given(&Key::backend(name, &[]));
    let given: Vec<_> = all.iter().filter(is_given).copied().collect();
    match (given.as_slice(), all.as_slice()) {
        ([only], _) | ([], [only]) => Ok((*only).clone()),
        _ => bail!(
            "--dialect needs a configuration with one backend; there are several: {}",
            all.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Parses `KEY=VALUE`. The value is JSON if it can be parsed as JSON, otherwise text.
fn option(text: &str) -> anyhow::Result<(String, Value)> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| anyhow!("--option {text:?} is not KEY=VALUE"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((key.to_owned(), value))
}
