//! What the server says of itself: its version and its permissions. An answer is used again for a
//! minute.

use std::time::Duration;

use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::Attributes;
use serde_json::Value;

use crate::backend::api::{Api, object, request};
use crate::backend::fault::{of_status, unexpected};
use crate::options::version::RightsModel;
use crate::wire::{SERVER_PERMISSIONS, SERVER_VERSION};

/// Where the server says its version.
const VERSION: &str = "/api/version";
/// Where it says its permissions.
const PERMISSIONS: &str = "/api/access/permissions";
/// How long an answer is used again: a plugin with permissions can be switched on.
const LASTING: Duration = Duration::from_mins(1);

/// Reads the facts about the server.
pub(super) async fn facts(api: &Api) -> Result<Outcome, Fault> {
    if let Some(facts) = api.facts.recall(api.now(), LASTING) {
        return Ok(Outcome::Settings(facts));
    }
    let since = api.facts.begin(api.now());
    let mut facts = Attributes::new();
    let version = member(api, VERSION, "server").await?;
    if !version.is_string() {
        return Err(unexpected("the server does not say its version"));
    }
    facts.insert(SERVER_VERSION.to_owned(), version);
    if api.version().rights == RightsModel::Groups {
        let permissions = member(api, PERMISSIONS, "permissions").await?;
        if !permissions.is_array() {
            return Err(unexpected("the server does not list its permissions"));
        }
        facts.insert(SERVER_PERMISSIONS.to_owned(), permissions);
    }
    api.facts.keep(since, facts.clone());
    Ok(Outcome::Settings(facts))
}

async fn member(api: &Api, path: &str, name: &str) -> Result<Value, Fault> {
    let response = api.send_as_it_is(api.with_own_key(request("GET", path))).await?;
    if response.status != 200 {
        return Err(of_status(response.status));
    }
    Ok(object(&response).and_then(|mut body| body.remove(name)).unwrap_or_default())
}
