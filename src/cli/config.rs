//! `isogloss config`.

use anyhow::bail;
use serde_json::Value;

use crate::cli::arguments::{At, Config, ConfigAsk};
use crate::cli::{open, print};
use crate::config::finding::{Findings, Severity};
use crate::config::settings::Settings;
use crate::connect;
use crate::gateway::PreparedGateway;

/// Checks or shows the configuration.
pub(crate) async fn run(ask: &Config) -> anyhow::Result<()> {
    match &ask.ask {
        ConfigAsk::Check { connect, at } => check(*connect, at).await,
        ConfigAsk::Show { at } => {
            let settings = open::settings(&at.place)?;
            if at.json {
                return print::json(&serde_json::to_value(&settings)?);
            }
            print::line(toml::to_string_pretty(&settings)?.trim_end())
        }
    }
}

async fn check(connect: bool, at: &At) -> anyhow::Result<()> {
    let (settings, findings) = match open::findings(&at.place) {
        (Some(settings), findings) => (settings, findings),
        (None, findings) => return refuse(&findings, at.json),
    };
    if findings.has_errors() {
        return refuse(&findings, at.json);
    }
    if !at.json || connect {
        for warning in findings.of(Severity::Warning) {
            eprintln!("isogloss: warning: {warning}");
        }
    }
    if connect {
        return connections(&settings, at.json).await;
    }
    if at.json {
        return print::json(&findings.json());
    }
    let (routes, backends) = (settings.route.len(), settings.backend.len());
    print::line(&format!("no errors: {routes} routes, {backends} backends"))
}

fn refuse(findings: &Findings, json: bool) -> anyhow::Result<()> {
    if !json {
        for warning in findings.of(Severity::Warning) {
            eprintln!("isogloss: warning: {warning}");
        }
        return Ok(findings.verdict()?);
    }
    print::json(&findings.json())?;
    bail!("the configuration is refused")
}

async fn connections(settings: &Settings, json: bool) -> anyhow::Result<()> {
    let gateway = PreparedGateway::new(settings)?;
    let all = connect::all(settings, &gateway).await;
    if json {
        print::json(&Value::Array(all.iter().map(connect::Connection::json).collect()))?;
    } else {
        for connection in &all {
            print::line(&connection.line())?;
        }
    }
    match all.iter().filter(|one| one.problem.is_some()).count() {
        0 if json => Ok(()),
        0 => print::line(&format!("no errors: {} connections", all.len())),
        failed => bail!("{failed} of {} connections failed", all.len()),
    }
}
