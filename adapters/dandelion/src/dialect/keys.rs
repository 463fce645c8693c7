//! `key/*`: a person's API key, of which there is one at most.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::key::{KeyChoice, NewKey};

use crate::dialect::call::{Asked, Failure, Said};
use crate::dialect::session::hexadecimal;

/// How many bytes a key has: thirty digits.
const KEY_BYTES: usize = 15;

/// Spells a key.
pub(crate) fn mint(random: &[u8; 32]) -> String {
    hexadecimal(&random[..KEY_BYTES])
}

/// `key/get`: the caller's key, or a new one if there is none
/// (`fixtures/transcripts/dandelion/key.json`).
pub(crate) async fn get(asked: &Asked<'_>) -> Result<Said, Failure> {
    let list = Command::ListKeys(Some(asked.me()), asked.namespace().clone());
    let keys = asked.run(list).await?.keys()?;
    match keys.into_iter().find_map(|key| key.shown) {
        Some(value) => Ok(value.expose().into()),
        None => generate(asked).await,
    }
}

/// `key/generate`: a new key; the old one is void at once.
pub(crate) async fn generate(asked: &Asked<'_>) -> Result<Said, Failure> {
    let value = mint(&asked.exchange().random());
    let key = NewKey {
        namespace: asked.namespace().clone(),
        value: value.clone().into(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        replaces: true,
    };
    asked.run(Command::IssueKey(Some(asked.me()), Box::new(key))).await?;
    Ok(value.into())
}

/// `key/revoke`: the caller's key or, with the right to edit people, anybody's. Where there is
/// nobody or no key, that is a success too.
pub(crate) async fn revoke(asked: &Asked<'_>) -> Result<Said, Failure> {
    let owner = match asked.given.uid().filter(|uid| !asked.is_me(*uid)) {
        None => asked.me(),
        Some(uid) => {
            asked.need("edituser").await?;
            asked.person(uid)
        }
    };
    let revoke = Command::RevokeKeys(Some(owner), asked.namespace().clone(), KeyChoice::All);
    match asked.run(revoke).await {
        Err(fault) if !fault.is_absence_of(Subject::User) && !fault.is_absence_of(Subject::Key) => {
            Err(fault.into())
        }
        _ => Ok("Key revoked successfully".into()),
    }
}

/// `key/test`: who gets here has a good key.
pub(crate) async fn test(_: &Asked<'_>) -> Result<Said, Failure> {
    Ok(true.into())
}
