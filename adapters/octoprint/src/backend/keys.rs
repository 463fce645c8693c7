//! Whose a key is.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;

use crate::backend::api::{Api, SaidOwner};
use crate::backend::fault::key_refused;
use crate::backend::lookup::{row, rows};
use crate::backend::row::Row;
use crate::options::version::KeyOwner;
use crate::wire::APPLICATION;

/// The owner of the gateway's own key. A server that does not say it shows the users' keys; an
/// application's key is not among them.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    match api.said_owner(api.key()).await? {
        SaidOwner::Named(name) if name == APPLICATION => Ok(OwnAccount::Nobody),
        SaidOwner::Named(name) => row(api, &name).await.map(|row| OwnAccount::of(row.user())),
        SaidOwner::Nobody => Err(key_refused()),
        SaidOwner::Silent => match listed(api, api.key()).await? {
            Some(row) => Ok(OwnAccount::of(row.user())),
            None if is_application(api, api.key()).await? => Ok(OwnAccount::Nobody),
            None => Ok(OwnAccount::Unknown),
        },
    }
}

/// The owner of a key. The global key is the application's own.
pub(super) async fn find(api: &Api, value: &Secret) -> Result<Outcome, Fault> {
    let owner = match api.said_owner(value).await? {
        SaidOwner::Named(name) if name == APPLICATION => None,
        SaidOwner::Named(name) => Some(row(api, &name).await?),
        SaidOwner::Nobody => return Err(Fault::not_found(Subject::Key)),
        SaidOwner::Silent => match listed(api, value).await? {
            Some(row) if row.active => Some(row),
            None if is_application(api, value).await? => None,
            Some(_) | None => return Err(Fault::not_found(Subject::Key)),
        },
    };
    let owner = owner.map(Row::user);
    let key = Key::vouched(api.namespace().clone(), owner.as_ref().map(|owner| owner.id));
    Ok(Outcome::KeyFound(Box::new(key), owner.map(Box::new)))
}

/// The user whose row shows a key.
async fn listed(api: &Api, key: &Secret) -> Result<Option<Row>, Fault> {
    let mut rows = rows(api).await?.rows.into_iter();
    Ok(rows.find(|row| row.key.as_ref() == Some(key)))
}

/// Whether a key that is in no row is the application's own. Servers with application keys of users
/// do not tell.
async fn is_application(api: &Api, key: &Secret) -> Result<bool, Fault> {
    Ok(api.version().key_owner == KeyOwner::Rows && api.accepts(key).await?)
}
