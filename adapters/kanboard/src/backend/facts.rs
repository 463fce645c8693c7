//! What the server says of itself, read by one batch.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::Attributes;

use serde_json::json;

use crate::backend::api::Api;
use crate::wire::attributes::{FACTS, PREFIX};

/// Reads the facts. Each has the name of its method.
pub(super) async fn read(api: &Api) -> Result<Outcome, Fault> {
    let calls = FACTS.map(|method| (method, json!([])));
    let results = api.batch(&calls).await?.into_iter();
    let named = FACTS.iter().map(|method| format!("{PREFIX}{method}"));
    let facts = named.zip(results).map(|(name, result)| Ok((name, result?)));
    Ok(Outcome::Settings(facts.collect::<Result<Attributes, Fault>>()?))
}
