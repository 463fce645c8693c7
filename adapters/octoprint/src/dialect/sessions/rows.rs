//! Values in the session store, with their age. A value that is used often enough stays stored.

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a row is stored after its last use, and the age at which a use stores it anew.
pub(super) type Lifetime = (Duration, Duration);

/// A row of the session store.
#[derive(Serialize, Deserialize)]
struct Stored<T> {
    value: T,
    since: Timestamp,
}

fn row<T: Serialize>(exchange: &dyn Exchange, value: &T) -> Value {
    let stored = Stored { value, since: exchange.now() };
    serde_json::to_value(stored).unwrap_or_default()
}

/// Stores a value.
pub(super) async fn store<T: Serialize>(
    exchange: &dyn Exchange,
    kind: SessionKind,
    (key, lasting): (&str, Duration),
    value: &T,
) -> Result<(), Fault> {
    exchange.sessions().remember(kind, key, row(exchange, value), lasting).await
}

/// Reads a value, and stores it anew if it is old enough.
pub(super) async fn read<T: Serialize + for<'a> Deserialize<'a>>(
    exchange: &dyn Exchange,
    kind: SessionKind,
    key: &str,
    (lasting, renewed): Lifetime,
) -> Result<Option<T>, Fault> {
    let found = exchange.sessions().recall(kind, key).await?;
    let Some(found) = found.and_then(|value| serde_json::from_value::<Stored<T>>(value).ok())
    else {
        return Ok(None);
    };
    if exchange.now().duration_since(found.since).unsigned_abs() > renewed {
        let fresh = row(exchange, &found.value);
        exchange.sessions().renew(kind, key, fresh, lasting).await?;
    }
    Ok(Some(found.value))
}
