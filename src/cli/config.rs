//! `isogloss config`.

use serde_json::{Value, json};

use crate::cli::arguments::{Config, ConfigAsk};
use crate::cli::{open, print};
use crate::config::load;
use crate::registry;

/// Checks or shows the configuration.
pub(crate) fn run(ask: &Config) -> anyhow::Result<()> {
    match &ask.ask {
        ConfigAsk::Check { at } => {
            let settings = open::settings(&at.place)?;
            load::check(&settings)?;
            let (routes, backends) = (settings.route.len(), settings.backend.len());
            if at.json {
                return print::json(&json!({"ok": true, "routes": routes, "backends": backends}));
            }
            print::line(&format!("in order: {routes} routes, {backends} backends"))
        }
        ConfigAsk::Show { at } => {
            let settings = open::settings(&at.place)?;
            if at.json {
                return print::json(&serde_json::to_value(&settings)?);
            }
            print::line(toml::to_string_pretty(&settings)?.trim_end())
        }
        ConfigAsk::Options { json } => options(*json),
    }
}

fn options(as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let dialects = registry::ADAPTERS.iter().map(|adapter| {
            let rows = adapter
                .options
                .iter()
                .map(|row| json!({"name": row.name, "takes": row.takes, "about": row.about}));
            let rows: Vec<_> = rows.collect();
            json!({"dialect": adapter.name, "versions": adapter.versions, "options": rows})
        });
        return print::json(&Value::Array(dialects.collect()));
    }
    for adapter in registry::ADAPTERS {
        print::line(&format!("{}: versions {}", adapter.name, adapter.versions.join(", ")))?;
        for row in adapter.options {
            print::line(&format!("  {} = {}: {}", row.name, row.takes, row.about))?;
        }
    }
    Ok(())
}
