//! Facts about the server, by its own methods.

use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::Fault;
use serde_json::Value;

use crate::backend::api::{Api, only};
use crate::backend::users::id_of;
use crate::wire::DEFAULT_USER_FACT;
use crate::wire::values::DEFAULT_USER;

/// The methods that are asked for facts. Most are new since version 4.3.
pub(super) const FACTS: [&str; 6] = [
    "cleanup_sessions",
    "get_repo_store",
    "get_server_info",
    "get_user_audit_logs",
    "rescan_repos",
    "store_exception",
];

/// Asks the server for a fact. `None`: it is a question in another system's words.
pub(super) async fn ask(api: &Api, fact: Fact) -> Option<Result<Value, Fault>> {
    if fact.namespace != api.service.namespace {
        return None;
    }
    if fact.name == DEFAULT_USER_FACT {
        return Some(api.call("get_user", only("userid", DEFAULT_USER)).await);
    }
    if !FACTS.contains(&fact.name) {
        return None;
    }
    let mut args = fact.arguments;
    if let Some(user) = &fact.person {
        match id_of(api, user).await {
            Ok(id) => drop(args.insert("userid".to_owned(), id.into())),
            Err(fault) => return Some(Err(fault)),
        }
    }
    Some(api.call(fact.name, args).await)
}
