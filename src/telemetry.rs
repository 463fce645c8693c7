//! Logs: one set-up, to standard error. No secret is ever written: secret values have no printed
//! form, and neither queries, headers nor bodies are logged.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::settings::{Log, LogFormat};

/// Libraries that would print whole request heads or statements below this level.
const QUIET: &str = "actix_http=info,actix_server=info,actix_web=info,mio=info,hyper=info,\
                     hyper_util=info,reqwest=info,rustls=info,sqlx=info,ldap3=info,h2=info";

/// Starts logging. The error says what is wrong with the level.
pub fn start(log: &Log) -> Result<(), String> {
    let directives = format!("{},{QUIET}", log.level);
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| format!("log.level {:?}: {error}", log.level))?;
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| format!("logs cannot be started: {error}"))
}
