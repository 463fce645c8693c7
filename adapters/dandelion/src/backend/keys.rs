//! API keys: whose one is, and those that the server issues and revokes. A user has one at most.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Refusal, Subject};
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;

use crate::backend::api::transport::With;
use crate::backend::api::{Api, Holder};
use crate::backend::fault::{key_refused, not_by_gateway};
use crate::backend::groups::with_grants;
use crate::backend::row::Row;
use crate::backend::users::read::{get, id_of};

/// Finds the owner of a key: the server says who calls with it.
pub(super) async fn find(api: &Api, value: &Secret) -> Result<Outcome, Fault> {
    let owner = match api.holder_of(With::Key(value)).await? {
        Holder::User(row) => with_grants(api, *row).await?.user,
        Holder::Disabled => return Err(Fault::refused(Refusal::Inactive)),
        Holder::Nobody => return Err(Fault::not_found(Subject::Key)),
    };
    let key = Key::vouched(api.service.namespace.clone(), Some(owner.id));
    Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
}

/// The account of the gateway's own key.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    match api.holder_of(With::Key(&api.service.secret)).await? {
        Holder::User(row) => Ok(OwnAccount::of(row.user)),
        Holder::Disabled | Holder::Nobody => Err(key_refused()),
    }
}

/// Issues a new key in place of the old one. The server does this only for a holder of the old key
/// or of a session: the caller has shown the key, or has logged in through the gateway.
pub(super) async fn issue(api: &Api, owner: &UserRef, new: NewKey) -> Result<Outcome, Fault> {
    let owner = get(api, owner).await?;
    let held = match &new.issuer {
        Issuer::System(Some(held)) => Some(held),
        Issuer::System(None) | Issuer::Gateway => None,
    };
    let session = api.session_of(&owner.user.username);
    let value = match (held, &session) {
        (Some(held), _) => generate(api, &owner, With::Key(held)).await?,
        (None, Some(session)) => generate(api, &owner, With::Session(session)).await?,
        (None, None) => return Err(not_by_gateway("the owner has shown no key and no password")),
    };
    Ok(shown(api, value))
}

async fn generate(api: &Api, owner: &Row, with: With<'_>) -> Result<Secret, Fault> {
    if api.is_held_by(owner, with).await? {
        return api.generate_key(with).await;
    }
    Err(not_by_gateway("the key or session is not the owner's"))
}

/// Lists the key of a user who has logged in through the gateway. The server shows it to no
/// administrator. If there is none, it makes one.
pub(super) async fn list(api: &Api, owner: &UserRef) -> Result<Outcome, Fault> {
    let owner = get(api, owner).await?;
    let hidden = || not_by_gateway("the server shows a key to its owner only");
    let session = api.open_session_of(&owner).await?.ok_or_else(hidden)?;
    Ok(shown(api, api.key_of(&session).await?))
}

fn shown(api: &Api, value: Secret) -> Outcome {
    let key = Key::vouched(api.service.namespace.clone(), None);
    Outcome::Keys(vec![Key { shown: Some(value), ..key }])
}

/// Revokes the key of a user. The server does not say whether there was one.
pub(super) async fn revoke(
    api: &Api,
    owner: &UserRef,
    choice: &KeyChoice,
) -> Result<Outcome, Fault> {
    match choice {
        KeyChoice::All | KeyChoice::Plain => api.revoke_key(id_of(api, owner).await?).await?,
        KeyChoice::Labelled(_) | KeyChoice::Id(_) => {
            return Err(not_by_gateway("a key of a user has no name"));
        }
    }
    Ok(Outcome::Keys(Vec::new()))
}
