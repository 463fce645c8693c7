//! Who has an API token. A row shows that a user has one, not the token itself.

use std::collections::HashSet;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserId, UserRef};
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::{Failure, none_if};
use crate::wire::user::{NO_TOKEN, TOKENS_IN_ROWS};

/// The users who have a token: all of them, or only this one.
pub(crate) async fn token_holders(
    call: &Call<'_>,
    user: Option<UserId>,
) -> Result<HashSet<UserId>, Failure> {
    let namespace = call.options.namespace.clone();
    let command = Command::ListKeys(user.map(UserRef::Id), namespace, KeyChoice::All);
    let listed = none_if(call.run(command).await, &[FaultKind::Unsupported, FaultKind::NotFound])?;
    let keys = listed.map(Outcome::keys).transpose()?.unwrap_or_default();
    Ok(keys.iter().filter_map(|key| key.owner).collect())
}

/// Those of these users who have a token. The rows of a Kanboard server show it.
pub(crate) async fn token_holders_among(
    call: &Call<'_>,
    users: &[User],
) -> Result<HashSet<UserId>, Failure> {
    if call.exchange.knows(TOKENS_IN_ROWS) {
        let holders = users.iter().filter(|user| !user.evidence.keys.is_empty());
        return Ok(holders.map(|user| user.id).collect());
    }
    token_holders(call, None).await
}

/// What a row shows of a user's token.
pub(crate) fn token_shown(has_token: bool) -> Php {
    if has_token { Php::from(NO_TOKEN) } else { Php::Null }
}
