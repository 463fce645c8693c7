//! `isogloss config`.

use serde_json::json;

use crate::cli::arguments::{Config, ConfigAsk};
use crate::cli::{open, print};
use crate::config::load;

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
    }
}
