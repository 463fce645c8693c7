//! Reads and issues application keys. Each is labelled with the name of its application.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::keys::value_of;
use crate::secrets::application_token;

/// OctoPrint itself has no limit; the store of the gateway has.
const TOO_MANY: Failure = Failure::with(400, "Too many application keys. Revoke one first");

/// Gives an application a key of this user's: the key that it has, or else a new one.
pub(crate) async fn issue(
    call: &Call<'_>,
    caller: &Caller,
    user: &User,
    app: &str,
) -> Result<Secret, Failure> {
    let namespace = call.options.namespace.clone();
    let owner = UserRef::Id(user.id);
    let list = Command::ListKeys(Some(owner.clone()), namespace.clone(), KeyChoice::All);
    let keys = call.exchange.call(caller, list).await?.keys()?;
    if let Some(value) = labelled(&keys, app).and_then(|key| key.shown.clone()) {
        return Ok(value);
    }
    let token = application_token(&call.exchange.random(), call.differences().keys);
    let value = Secret::new(token);
    let key = NewKey {
        namespace,
        value: value.clone(),
        label: Some(app.to_owned()),
        scope: None,
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::System(None),
        replaces: false,
    };
    match call.exchange.call(caller, Command::IssueKey(Some(owner), Box::new(key))).await {
        Err(fault) if fault.kind == FaultKind::Invalid => Err(TOO_MANY),
        issued => Ok(value_of(issued?.keys()?).unwrap_or(value)),
    }
}

/// The key of an application, whose name may be in another case.
pub(crate) fn labelled<'a>(keys: &'a [Key], app: &str) -> Option<&'a Key> {
    let same = |label: &String| label.to_lowercase() == app.to_lowercase();
    keys.iter().find(|key| key.label.as_ref().is_some_and(same))
}

/// The value of a key. A system behind the gateway may show it only if that key alone is asked for.
pub(crate) async fn shown(
    call: &Call<'_>,
    owner: &UserRef,
    key: &Key,
) -> Result<Option<Secret>, Failure> {
    let (Some(label), None) = (&key.label, &key.shown) else { return Ok(key.shown.clone()) };
    let (owner, namespace) = (Some(owner.clone()), call.options.namespace.clone());
    let command = Command::ListKeys(owner, namespace, KeyChoice::Labelled(label.clone()));
    Ok(call.read(command).await?.keys()?.into_iter().find_map(|key| key.shown))
}
