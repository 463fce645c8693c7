//! A user's own API key.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json, success};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::secrets::fresh_key;

/// `POST /api/access/users/NAME/apikey`: a new key in place of the old one.
pub(crate) async fn issue(call: &Call<'_>) -> Answer {
    let value = replace(call, call.named_user()).await?;
    json(&shape(&value))
}

/// Gives a user a new key in place of the old one.
pub(crate) async fn replace(call: &Call<'_>, user: UserRef) -> Result<Secret, Fault> {
    let value = fresh_key(call.exchange, call.differences().keys);
    let key = NewKey {
        namespace: call.options.namespace.clone(),
        value: value.clone(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::System(None),
        replaces: true,
    };
    let issued = call.run(Command::IssueKey(Some(user), Box::new(key))).await?.keys()?;
    Ok(value_of(issued).unwrap_or(value))
}

/// The value of a key that was issued. A system behind the gateway chooses it itself.
pub(crate) fn value_of(issued: Vec<Key>) -> Option<Secret> {
    issued.into_iter().find_map(|key| key.shown)
}

/// A new key in an answer.
pub(crate) fn shape(key: &Secret) -> Py {
    Py::dict([("apikey", Py::text(key.expose()))])
}

/// `DELETE /api/access/users/NAME/apikey`: succeeds even if there is no key.
pub(crate) async fn revoke(call: &Call<'_>) -> Answer {
    remove(call, call.named_user()).await?;
    success()
}

/// Revokes a user's key, if there is one.
pub(crate) async fn remove(call: &Call<'_>, user: UserRef) -> Result<(), Fault> {
    let namespace = call.options.namespace.clone();
    call.run(Command::RevokeKeys(Some(user), namespace, KeyChoice::Plain)).await.map(drop)
}

/// A user's own key, if the caller may see it.
pub(crate) async fn api_key(call: &Call<'_>, user: &User) -> Result<Option<Secret>, Failure> {
    let namespace = call.options.namespace.clone();
    let command = Command::ListKeys(Some(UserRef::Id(user.id)), namespace, KeyChoice::Plain);
    let keys = call.run(command).await?.keys()?;
    Ok(keys.into_iter().find(|key| key.label.is_none()).and_then(|key| key.shown))
}
