//! The owner of an API key.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;

use crate::backend::api::Api;
use crate::backend::fault::key_refused;

/// Finds the owner of a key: the server says who calls with it.
pub(super) async fn find(api: &Api, value: &Secret) -> Result<Outcome, Fault> {
    let owner = api.owner_of(value).await?;
    let owner = owner.ok_or_else(|| Fault::not_found(Subject::Key))?.user;
    let key = Key::vouched(api.service.namespace.clone(), Some(owner.id));
    Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
}

/// The account of the gateway's own key.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    let owner = api.owner_of(&api.service.secret).await?;
    Ok(OwnAccount::of(owner.ok_or_else(key_refused)?.user))
}
