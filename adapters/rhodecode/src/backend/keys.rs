//! Whose a token is: the owner of a caller's token, and the account of the gateway's own.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;

use crate::backend::api::{Api, Arguments};
use crate::backend::fault::Refusal;
use crate::backend::row::Row;
use crate::backend::users;

/// Finds the owner of a token by a call with it.
pub(super) async fn find(api: &Api, token: &Secret) -> Result<Outcome, Fault> {
    let row = match api.call_with(token, "get_user", Arguments::new()).await? {
        Ok(row) => row,
        Err(Refusal::Token) => return Err(Fault::not_found(Subject::Key)),
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
