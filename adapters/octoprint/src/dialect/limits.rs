//! Rate limits: three failures a minute, five in ten minutes, ten an hour. An attempt is counted
//! before it is made, so that simultaneous attempts cannot exceed a limit.

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::{Limit, Pace, SessionKind};

/// A limit: the kind that counts, and how many attempts in which time.
pub(crate) struct Window {
    kind: SessionKind,
    limit: u64,
    lasting: Duration,
}

const fn window(kind: SessionKind, limit: u64, minutes: u64) -> Window {
    Window { kind, limit, lasting: Duration::from_secs(minutes * 60) }
}

/// The limits of one kind of attempt.
pub(crate) type Limits = &'static [Window];

/// Failed logins.
pub(crate) const LOGIN: Limits = &[
    window("octoprint.login.1", 3, 1),
    window("octoprint.login.10", 5, 10),
    window("octoprint.login.60", 10, 60),
];

/// Requests for an application's key.
pub(crate) const KEY_REQUEST: Limits = &[
    window("octoprint.request.1", 3, 1),
    window("octoprint.request.10", 5, 10),
    window("octoprint.request.60", 10, 60),
];

/// Whether a client has reached a limit. Counts nothing.
pub(crate) async fn exceeded(
    exchange: &dyn Exchange,
    limits: Limits,
    client: &str,
) -> Result<bool, Fault> {
    for window in limits {
        let count = exchange.sessions().recall(window.kind, client).await?;
        if count.and_then(|count| count.as_u64()).is_some_and(|count| count >= window.limit) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts an attempt. Answers whether the client has reached a limit; then nothing is counted.
pub(crate) async fn count(
    exchange: &dyn Exchange,
    limits: Limits,
    client: &str,
) -> Result<bool, Fault> {
    Ok(exchange.sessions().attempt(&of(limits, client)).await?.is_some())
}

/// Takes an attempt back that did not fail.
pub(crate) async fn take_back(
    exchange: &dyn Exchange,
    limits: Limits,
    client: &str,
) -> Result<(), Fault> {
    exchange.sessions().clear_attempts(&[], &of(limits, client)).await
}

fn of(limits: Limits, client: &str) -> Vec<Limit> {
    let limit = |window: &Window| Limit {
        kind: window.kind,
        key: client.to_owned(),
        group: None,
        free: window.limit,
        pace: Pace::Window(window.lasting),
    };
    limits.iter().map(limit).collect()
}
