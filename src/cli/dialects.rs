//! `isogloss dialects`.

use anyhow::anyhow;
use isogloss_canonical::adapter::Adapter;
use serde_json::Value;

use crate::cli::print;
use crate::{listing, manual, registry};

/// Lists dialects as a table, as JSON, or as Markdown pages.
pub(crate) fn run(name: Option<&str>, as_json: bool, as_markdown: bool) -> anyhow::Result<()> {
    let adapters: Vec<&Adapter> = match name {
        Some(name) => vec![registry::dialect(name).map_err(|why| anyhow!(why))?],
        None => registry::dialects().collect(),
    };
    if as_json {
        let values = adapters.into_iter().map(manual::value).collect::<Result<Vec<_>, _>>();
        return print::json(&Value::Array(values.map_err(|why| anyhow!(why))?));
    }
    for adapter in adapters {
        if as_markdown {
            print::line(manual::page(adapter).map_err(|why| anyhow!(why))?.trim_end())?;
        } else {
            show(adapter)?;
        }
    }
    Ok(())
}

fn show(adapter: &Adapter) -> anyhow::Result<()> {
    print::line(adapter.name)?;
    for version in adapter.versions {
        let (name, releases) = (version.name, version.releases);
        print::line(&format!("  version {name}: {releases}, {}", version.evidence()))?;
    }
    for row in adapter.options {
        print::line(&format!("  option {} = {}: {}", row.name, row.takes, row.about))?;
    }
    for row in listing::methods(adapter).map_err(|why| anyhow!(why))? {
        print::line(&format!("  {:<44} {:<24} {}", row.info.name, row.versions(), row.info.about))?;
    }
    Ok(())
}
