//! Whose credentials the gateway calls with, and whether the server accepts somebody else's.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::{Secret, same};
use isogloss_canonical::user::UserRef;
use serde_json::json;

use crate::backend::api::{Api, SignIn};
use crate::backend::users;

/// The account that the gateway calls with. The application's token belongs to nobody.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    if api.is_application() {
        return Ok(OwnAccount::Nobody);
    }
    let row = api.user("getMe", json!([])).await?;
    let row = row.ok_or_else(|| Fault::not_found(Subject::User))?;
    Ok(OwnAccount::of(row.user(&api.namespace)))
}

/// Whether a user's password or personal token is right. Of a user with a second factor only the token
/// is.
pub(super) async fn verify_password(
    api: &Api,
    user: &UserRef,
    secret: &Secret,
) -> Result<Outcome, Fault> {
    let username = match user {
        UserRef::Name(name) => name.clone(),
        UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
            users::find(api, user).await?.username
        }
    };
    Ok(Outcome::Verified(match api.accepts_password(&username, secret).await? {
        SignIn::Refused => false,
        SignIn::Accepted => true,
        SignIn::SecondFactor => is_token(api, username, secret).await?,
    }))
}

/// Whether a secret is the user's personal token, which administrators and the application see.
async fn is_token(api: &Api, username: String, secret: &Secret) -> Result<bool, Fault> {
    let token = users::find(api, &UserRef::Name(username)).await?.evidence.token;
    Ok(token.is_some_and(|own| same(own.expose(), secret.expose())))
}

/// The key of a value, if it is the application's token. A user's token is accepted only together
/// with the user's name, so that a value alone finds none.
pub(super) async fn find(api: &Api, value: &Secret) -> Result<Outcome, Fault> {
    if !api.accepts_token(value).await? {
        return Err(Fault::not_found(Subject::Key));
    }
    let key = Key::vouched(api.namespace.clone(), None);
    Ok(Outcome::KeyFound(Box::new(key), None))
}
