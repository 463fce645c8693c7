//! Passwords: set with the gateway's key, checked by a login.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use serde_json::{Map, json};

use crate::backend::api::{Api, Reply, required_path_of};
use crate::backend::fault::{impossible, invalid, unexpected};
use crate::backend::users::refused;
use crate::secrets::LONGEST_PASSWORD;

/// Sets a password; `None` sets a random one.
pub(super) async fn set(
    api: &Api,
    user: &UserRef,
    password: Option<Secret>,
) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let path = format!("{}/password", required_path_of(name)?);
    let password = password.unwrap_or_else(|| api.random_password());
    let mut body = Map::new();
    body.insert("password".to_owned(), json!(settable(&password)?.expose()));
    match api.put(&path, &body).await? {
        Reply::Data(data) if data == json!({}) => Ok(Outcome::Done),
        // Since 1.8 the owner of a key must send the old password:
        // `fixtures/transcripts/octoprint/users-password-self.json`.
        Reply::Refused(sentence) if sentence.contains("current password") => {
            let detail = "the gateway's own account there cannot set its password by key";
            Err(impossible(Subject::Password, detail))
        }
        Reply::Data(_) => Err(unexpected("the answer to a new password is not empty")),
        reply @ (Reply::Absent | Reply::PageNotFound | Reply::Taken | Reply::Refused(_)) => {
            Err(refused(api, name, reply).await)
        }
    }
}

/// Checks a password. The server refuses every login of an inactive user.
pub(super) async fn verify(api: &Api, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let accepted = hashable(secret).is_ok() && api.accepts(name, secret).await?;
    Ok(Outcome::Verified(accepted))
}

/// A password that OctoPrint sets.
pub(super) fn settable(password: &Secret) -> Result<&Secret, Fault> {
    if password.expose().is_empty() {
        return Err(invalid(Subject::Password, "OctoPrint sets no empty password"));
    }
    hashable(password)
}

/// A password that OctoPrint can hash.
pub(super) fn hashable(password: &Secret) -> Result<&Secret, Fault> {
    if password.expose().chars().count() > LONGEST_PASSWORD {
        return Err(invalid(Subject::Password, "OctoPrint sets no password of this length"));
    }
    Ok(password)
}
