//! What the server behind a route says of itself: its version, and its permissions with those of its
//! plugins. The embedded store and other systems say nothing about it.

use std::sync::Arc;

use isogloss_canonical::command::Command;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::user::Attributes;
use serde_json::Value;

use crate::roles::permissions::Permission;
use crate::wire::{SERVER_PERMISSIONS, SERVER_VERSION};

async fn facts(exchange: &dyn Exchange) -> Result<Attributes, Fault> {
    exchange.read(Command::ServerFacts).await?.settings()
}

/// The permissions of the server.
pub(crate) async fn permissions(exchange: &dyn Exchange) -> Result<Vec<Arc<Permission>>, Fault> {
    let missing = || Fault::new(FaultKind::Unexpected, "the server shows no permissions");
    let mut facts = facts(exchange).await?;
    let Some(Value::Array(rows)) = facts.remove(SERVER_PERMISSIONS) else { return Err(missing()) };
    rows.iter().map(Permission::shown).collect::<Option<_>>().ok_or_else(missing)
}

/// The version of the server. `None`: it is not this dialect's system, and says nothing about it.
pub(crate) async fn version(exchange: &dyn Exchange) -> Result<Option<String>, Fault> {
    if exchange.is_embedded() {
        return Ok(None);
    }
    let version = facts(exchange).await?.remove(SERVER_VERSION);
    Ok(version.as_ref().and_then(Value::as_str).map(str::to_owned))
}
