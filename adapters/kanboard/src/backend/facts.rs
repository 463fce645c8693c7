//! What the server says of itself, read by one batch.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::Attributes;

use crate::backend::api::Api;
use crate::wire::attributes::{FACTS, PREFIX};

/// Reads the facts. Each has the name of its method.
pub(super) async fn read(api: &Api) -> Result<Outcome, Fault> {
    let results = api.batch(&FACTS).await?;
    let named = FACTS.iter().map(|method| format!("{PREFIX}{method}"));
    Ok(Outcome::Settings(named.zip(results).collect::<Attributes>()))
}
