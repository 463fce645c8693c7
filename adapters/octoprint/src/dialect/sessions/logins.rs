//! Live logins. A login answers the id of one, with which a client signs in on the socket
//! (`crate::dialect::sockjs`).

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionKind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dialect::sessions::families::is_open;
use crate::dialect::sessions::rows::{Lifetime, read, store};
use crate::dialect::sessions::signed_in::SignedIn;
use crate::secrets::hex_token;

/// The logins of browsers, by a password or a cookie.
pub(super) const LOGINS: SessionKind = "octoprint.login";
/// The logins by a key.
const KEY_LOGINS: SessionKind = "octoprint.keylogin";
/// How long a login lives after its last use.
pub(super) const LOGIN: Lifetime = (Duration::from_hours(2), Duration::from_mins(5));

/// The row of a browser's login.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum LoginRow {
    /// Who has signed in, and the family that ends the login.
    SignedIn {
        /// Who.
        who: SignedIn,
        /// The family.
        family: String,
    },
    /// The user alone, as earlier releases stored it. Such a login opens no socket.
    User(Uuid),
}

impl LoginRow {
    /// The user.
    pub(super) const fn user(&self) -> Uuid {
        match self {
            Self::SignedIn { who, .. } => who.user,
            Self::User(user) => *user,
        }
    }
}

/// A live login.
pub(crate) enum Login {
    /// Of a browser.
    Browser(SignedIn),
    /// By the key with this canonical id.
    Key(SignedIn, Uuid),
}

impl Login {
    /// Who has signed in.
    pub(crate) const fn who(&self) -> &SignedIn {
        match self {
            Self::Browser(who) | Self::Key(who, _) => who,
        }
    }
}

/// The live login with this id, unless a logout has ended its family. It lives longer by being used.
pub(crate) async fn find(exchange: &dyn Exchange, id: &str) -> Result<Option<Login>, Fault> {
    match read(exchange, LOGINS, id, LOGIN).await? {
        Some(LoginRow::SignedIn { who, family }) => {
            let is_open = is_open(exchange, &family, &who).await?;
            Ok(is_open.then_some(Login::Browser(who)))
        }
        Some(LoginRow::User(_)) => Ok(None),
        None => {
            let by_key: Option<(SignedIn, Uuid)> = read(exchange, KEY_LOGINS, id, LOGIN).await?;
            Ok(by_key.map(|(who, key)| Login::Key(who, key)))
        }
    }
}

/// Stores a login by a key, and answers its id.
pub(crate) async fn open_by_key(
    exchange: &dyn Exchange,
    who: SignedIn,
    key: Uuid,
) -> Result<String, Fault> {
    let id = hex_token(exchange);
    store(exchange, KEY_LOGINS, (&id, LOGIN.0), &(who, key)).await?;
    Ok(id)
}
