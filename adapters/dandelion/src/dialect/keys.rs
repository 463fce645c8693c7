//! `key/*`: the API key of a user, who has one at most.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::key::{Issuer, KeyChoice, NewKey};

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;

/// How many bytes a key has; they are written as thirty hexadecimal digits.
const KEY_BYTES: usize = 15;

/// Writes a key in the format of the server.
pub(crate) fn mint(random: &[u8; 32]) -> String {
    hex::encode(&random[..KEY_BYTES])
}

/// `key/get`: the key of the caller. If there is none, one is made
/// (`fixtures/transcripts/dandelion/key.json`). A Dandelion server behind the gateway shows a key
/// to its owner only: then the caller has shown the key already, or the call is refused.
pub(crate) async fn get(call: &Call<'_>) -> Result<Answer, Failure> {
    let list = Command::ListKeys(Some(call.me()), call.namespace().clone(), KeyChoice::All);
    let keys = match (call.run(list).await, call.key) {
        (Err(fault), Some(key)) if fault.kind == FaultKind::Unsupported => {
            return Ok(key.expose().into());
        }
        (listed, _) => listed?.keys()?,
    };
    match keys.into_iter().find_map(|key| key.shown) {
        Some(value) => Ok(value.expose().into()),
        None => generate(call).await,
    }
}

/// `key/generate`: a new key. The old one is revoked at once. A server behind the gateway chooses
/// the value.
pub(crate) async fn generate(call: &Call<'_>) -> Result<Answer, Failure> {
    let value = mint(&call.exchange.random());
    let key = NewKey {
        namespace: call.namespace().clone(),
        value: value.clone().into(),
        issuer: Issuer::System(call.key.cloned()),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        replaces: true,
    };
    let issued = call.run(Command::IssueKey(Some(call.me()), Box::new(key))).await?.keys()?;
    let shown = issued.into_iter().find_map(|key| key.shown);
    Ok(shown.map_or(value, |shown| shown.expose().to_owned()).into())
}

/// `key/revoke`: revokes the key of the caller or, with the right to edit users, of another user.
/// An unknown user and a user without a key are successes too.
pub(crate) async fn revoke(call: &Call<'_>) -> Result<Answer, Failure> {
    let owner = match call.other_uid() {
        None => call.me(),
        Some(uid) => {
            call.need("edituser").await?;
            call.user_ref(uid)
        }
    };
    let revoke = Command::RevokeKeys(Some(owner), call.namespace().clone(), KeyChoice::All);
    match call.run(revoke).await {
        Err(fault) if !fault.is_absence_of(Subject::User) && !fault.is_absence_of(Subject::Key) => {
            Err(fault.into())
        }
        Ok(_) | Err(_) => Ok("Key revoked successfully".into()),
    }
}

/// `key/test`: a call that gets here has a valid key.
pub(crate) async fn test(_: &Call<'_>) -> Result<Answer, Failure> {
    Ok(true.into())
}
