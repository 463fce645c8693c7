//! Passwords: set and verified.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_interop::password;
use isogloss_interop::php::truth;
use serde_json::Value;

use crate::backend::api::Api;
use crate::backend::row::number;
use crate::backend::users::read;

/// Sets a password. `None` makes a login by password impossible.
pub(super) async fn set(
    api: &Api,
    user: &UserRef,
    password: Option<Secret>,
) -> Result<Outcome, Fault> {
    check(password.as_ref())?;
    let id = read::id_of(api, user).await?;
    api.reset_password(id, &or_unknown(api, password), false).await?;
    Ok(Outcome::Done)
}

/// Verifies a password by a login.
pub(super) async fn verify(api: &Api, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
    if let UserRef::Name(name) = user {
        return api.login(name, secret).await.map(Outcome::Verified);
    }
    match read::get(api, user).await {
        Ok(row) => api.login(&row.user.username, secret).await.map(Outcome::Verified),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(Outcome::Verified(false)),
        Err(fault) => Err(fault),
    }
}

/// Refuses a password that the server ignores: an empty one and `0`.
pub(super) fn check(password: Option<&Secret>) -> Result<(), Fault> {
    match password {
        Some(password) if !truth::of_text(password.expose()) => {
            let fault = Fault::new(FaultKind::Invalid, "the server ignores this password");
            Err(fault.about(Subject::Password))
        }
        Some(_) | None => Ok(()),
    }
}

/// The password, or a random one that is stored nowhere else.
pub(super) fn or_unknown(api: &Api, password: Option<Secret>) -> Secret {
    password.unwrap_or_else(|| password::unknown(&(api.service.random)()))
}

/// Whether a value of the attribute `initial_login` asks for a new password at the next login.
pub(super) fn asks_for_new(prompt: Option<&Value>) -> bool {
    prompt.and_then(number).is_some_and(|prompt| prompt != 0)
}
