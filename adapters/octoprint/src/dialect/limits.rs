//! How often something may fail: three times a minute, five in ten minutes, ten an hour.

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::memory::Shelf;
use jiff::Timestamp;
use serde_json::Value;

/// One window: where failures are counted, where its end is noted, how many, in how long.
struct Window {
    counts: Shelf,
    closed: Shelf,
    limit: u64,
    lasting: Duration,
}

const fn window(counts: Shelf, closed: Shelf, limit: u64, minutes: u64) -> Window {
    Window { counts, closed, limit, lasting: Duration::from_secs(minutes * 60) }
}

/// What is limited.
pub(crate) type Limits = &'static [Limit];

/// One of the limits.
pub(crate) struct Limit(Window);

/// Failed logins.
pub(crate) const LOGIN: Limits = &[
    Limit(window("octoprint.login.1", "octoprint.login.1.closed", 3, 1)),
    Limit(window("octoprint.login.10", "octoprint.login.10.closed", 5, 10)),
    Limit(window("octoprint.login.60", "octoprint.login.60.closed", 10, 60)),
];

/// Requests for an application's key.
pub(crate) const KEY_REQUEST: Limits = &[
    Limit(window("octoprint.request.1", "octoprint.request.1.closed", 3, 1)),
    Limit(window("octoprint.request.10", "octoprint.request.10.closed", 5, 10)),
    Limit(window("octoprint.request.60", "octoprint.request.60.closed", 10, 60)),
];

/// Whether a client is to wait.
pub(crate) async fn exceeded(
    exchange: &dyn Exchange,
    limits: Limits,
    client: &str,
) -> Result<bool, Fault> {
    for Limit(window) in limits {
        let closed = exchange.memory().recall(window.closed, client).await?;
        if closed == Some(Value::Bool(true)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts one more; says whether it was one too many, as when several came at once.
pub(crate) async fn count(
    exchange: &dyn Exchange,
    limits: Limits,
    client: &str,
) -> Result<bool, Fault> {
    let memory = exchange.memory();
    let mut too_many = false;
    for Limit(window) in limits {
        let count = memory.count(window.counts, client, window.lasting).await?;
        too_many |= count > window.limit;
        if count == 1 {
            let began = Value::from(exchange.now().to_string());
            memory.remember(window.closed, client, began, window.lasting).await?;
        }
        if count == window.limit {
            let began = memory.recall(window.closed, client).await?;
            let left = window.lasting.saturating_sub(since(exchange, began.as_ref()));
            memory.remember(window.closed, client, Value::Bool(true), left).await?;
        }
    }
    Ok(too_many)
}

fn since(exchange: &dyn Exchange, began: Option<&Value>) -> Duration {
    let began = began.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    began.map_or(Duration::ZERO, |began| exchange.now().duration_since(began).unsigned_abs())
}
