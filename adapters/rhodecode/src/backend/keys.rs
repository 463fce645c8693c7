//! Tokens: whose one is, and those that the server gives to every new user. Its API cannot issue or
//! revoke any other.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Refusal as Reason, Subject};
use isogloss_canonical::key::{Key, NewKey};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;

use crate::backend::api::{Api, Arguments};
use crate::backend::fault::{Refusal, not_by_api};
use crate::backend::row::Row;
use crate::backend::users;
use crate::wire::{BUILT_IN_KEY, FEED_TOKEN};

/// Finds the owner of a token by a call with it.
pub(super) async fn find(api: &Api, token: &Secret) -> Result<Outcome, Fault> {
    let row = match api.call_for_caller(token, "get_user", Arguments::new()).await? {
        Ok(row) => row,
        Err(Refusal::Token(Reason::Unknown)) => return Err(Fault::not_found(Subject::Key)),
        Err(Refusal::Token(reason)) => return Err(Fault::refused(reason)),
        Err(Refusal::Call(fault)) => return Err(fault),
    };
    let owner = users::of_row(api, &row)?;
    let key = Key::vouched(api.service.namespace.clone(), Some(owner.id));
    Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
}

/// Finds the account of the gateway's own token.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    let row = api.call("get_user", Arguments::new()).await?;
    let user = Row::of(&row)?.user(&api.service)?;
    Ok(user.map_or(OwnAccount::Unknown, OwnAccount::of))
}

/// Finds the token that the server itself has issued to a new user: the built-in key, or the token
/// for feeds, which is the first one besides.
pub(super) async fn issue(api: &Api, owner: &UserRef, new: NewKey) -> Result<Outcome, Fault> {
    let is_built_in = match new.label.as_deref() {
        Some(BUILT_IN_KEY) => true,
        Some(FEED_TOKEN) => false,
        Some(_) | None => return Err(not_by_api("the API of RhodeCode issues no tokens")),
    };
    let owner = users::get(api, owner).await?;
    let mut keys = owner.evidence.keys.into_iter();
    let key = keys.find(|key| (key.label.as_deref() == Some(BUILT_IN_KEY)) == is_built_in);
    let key = key.ok_or_else(|| not_by_api("the server has issued no such token"))?;
    let shown = Key { label: new.label, scope: new.scope, shown: key.value, ..vouched(api) };
    Ok(Outcome::Keys(vec![shown]))
}

fn vouched(api: &Api) -> Key {
    Key::vouched(api.service.namespace.clone(), None)
}
