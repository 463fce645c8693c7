//! The log, on standard error. It never has a secret: secret values cannot be printed, and queries,
//! headers and bodies are not logged.

mod queue;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

pub use self::queue::flush;

use self::queue::Queue;
use crate::config::settings::{Log, LogFormat};

/// Libraries that would log whole request heads or SQL statements below this level. The dispatcher
/// would log an error for each head that it cannot parse, so any client could fill the log.
const QUIET: &str = "actix_http=info,actix_http::h1::dispatcher=off,actix_server=info,actix_web=info,mio=info,hyper=info,\
                     hyper_util=info,reqwest=info,rustls=info,sqlx=info,ldap3=info,h2=info";

/// Starts logging. The error says what is wrong with the level.
pub fn start(log: &Log) -> Result<(), String> {
    let directives = format!("{},{QUIET}", log.level);
    crate::config::check::filter(&log.level).map_err(|why| format!("log.level: {why}"))?;
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| format!("log.level {:?}: {error}", log.level))?;
    let queue = Queue::start(std::io::stderr())
        .map_err(|error| format!("logs cannot be started: {error}"))?;
    queue.is_for_the_process();
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(queue)
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| format!("logs cannot be started: {error}"))
}
