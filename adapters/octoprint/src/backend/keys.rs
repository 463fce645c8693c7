//! Whose a key is.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;

use crate::backend::api::Api;
use crate::backend::lookup::{row, rows};
use crate::backend::row::Row;
use crate::wire::APPLICATION;

/// The owner of the gateway's own key. Servers before 1.4 do not say it, but show the users' keys;
/// an application's key is not among them.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    match api.own_name().await?.as_deref() {
        Some(APPLICATION) => Ok(OwnAccount::Nobody),
        Some(name) => row(api, name).await.map(|row| OwnAccount::of(row.user())),
        None => {
            let mut rows = rows(api).await?.rows.into_iter();
            let own = |row: &Row| row.key.as_ref().is_some_and(|key| api.is_own(key));
            let own = rows.find(own).map(|row| OwnAccount::of(row.user()));
            Ok(own.unwrap_or(OwnAccount::Unknown))
        }
    }
}

/// The owner of a key. The global key is the application's own.
pub(super) async fn find(api: &Api, value: &Secret) -> Result<Outcome, Fault> {
    let name = api.owner_of(value).await?.ok_or(Fault::not_found(Subject::Key))?;
    let owner = match name.as_str() {
        APPLICATION => None,
        name => Some(row(api, name).await?.user()),
    };
    let key = Key::vouched(api.namespace().clone(), owner.as_ref().map(|owner| owner.id));
    Ok(Outcome::KeyFound(Box::new(key), owner.map(Box::new)))
}
