//! Browser sessions, remembered logins and the tokens against forged requests.
//!
//! OctoPrint keeps a session in a signed cookie, and beside it a list of live logins on the
//! server. Here the cookie is a random name, and what it stands for is remembered: each change
//! gives a new name, so that an earlier cookie still stands for what it stood for, exactly as an
//! earlier signed cookie does (`fixtures/transcripts/octoprint/cookie-session.json`).

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::memory::Shelf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::secrets::hex_token;

const SESSIONS: Shelf = "octoprint.session";
const LOGINS: Shelf = "octoprint.login";
const REMEMBERED: Shelf = "octoprint.remember";
const CSRF_TOKENS: Shelf = "octoprint.csrf";

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const SESSION_LASTS: Duration = Duration::from_hours(31 * 24);
const LOGIN_LASTS: Duration = Duration::from_hours(2);
/// How long "remember me" does.
pub(crate) const REMEMBER_LASTS: Duration = Duration::from_hours(90 * 24);

/// How somebody came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mechanism {
    Password,
    RememberMe,
    Autologin,
    Apikey,
    Authheader,
    RemoteUser,
}

impl Mechanism {
    /// The word for it in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::RememberMe => "remember_me",
            Self::Autologin => "autologin",
            Self::Apikey => "apikey",
            Self::Authheader => "authheader",
            Self::RemoteUser => "remote_user",
        }
    }
}

/// Somebody who signed in, with the age of the password they had then: a session does not outlive
/// its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user: Uuid,
    pub(crate) password_changed: Timestamp,
}

/// What a session cookie stands for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Who is signed in.
    pub(crate) signed_in: Option<SignedIn>,
    /// The live login this belongs to.
    pub(crate) login: Option<String>,
    /// How they came to be known.
    pub(crate) mechanism: Option<Mechanism>,
    /// When a password was last seen, in seconds.
    pub(crate) seen: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    value: T,
    since: Timestamp,
}

fn kept<T: Serialize>(exchange: &dyn Exchange, value: &T) -> Value {
    let kept = Kept { value, since: exchange.now() };
    serde_json::to_value(kept).unwrap_or_default()
}

/// Reads what is kept, and keeps it anew once it has aged a while.
async fn recall<T: Serialize + for<'a> Deserialize<'a>>(
    exchange: &dyn Exchange,
    shelf: Shelf,
    key: &str,
    (lasting, renewed): (Duration, Duration),
) -> Result<Option<T>, Fault> {
    let found = exchange.memory().recall(shelf, key).await?;
    let Some(found) = found.and_then(|value| serde_json::from_value::<Kept<T>>(value).ok()) else {
        return Ok(None);
    };
    if exchange.now().duration_since(found.since).unsigned_abs() > renewed {
        let renewed = kept(exchange, &found.value);
        exchange.memory().remember(shelf, key, renewed, lasting).await?;
    }
    Ok(Some(found.value))
}

impl Session {
    /// Opens the session of a cookie.
    pub(crate) async fn open(exchange: &dyn Exchange, token: &str) -> Result<Option<Self>, Fault> {
        recall(exchange, SESSIONS, token, (SESSION_LASTS, DAY)).await
    }

    /// Keeps it under a new name. What nobody can be recognised by is not kept at all.
    pub(crate) async fn keep(&self, exchange: &dyn Exchange) -> Result<String, Fault> {
        let token = hex_token(exchange);
        if self.signed_in.is_some() || self.seen.is_some() {
            let value = kept(exchange, self);
            exchange.memory().remember(SESSIONS, &token, value, SESSION_LASTS).await?;
        }
        Ok(token)
    }

    /// Who is signed in, unless the login was ended.
    pub(crate) async fn alive(&self, exchange: &dyn Exchange) -> Result<Option<SignedIn>, Fault> {
        let (Some(who), Some(login)) = (&self.signed_in, &self.login) else {
            return Ok(self.signed_in.clone());
        };
        let owner: Option<Uuid> = recall(exchange, LOGINS, login, (LOGIN_LASTS, HOUR / 12)).await?;
        Ok(owner.filter(|owner| *owner == who.user).map(|_| who.clone()))
    }

    /// Signs somebody in: a new live login, unless there is one.
    pub(crate) async fn sign_in(
        &mut self,
        exchange: &dyn Exchange,
        who: SignedIn,
    ) -> Result<(), Fault> {
        if self.login.is_none() || self.signed_in.as_ref() != Some(&who) {
            let login = hex_token(exchange);
            let owner = kept(exchange, &who.user);
            exchange.memory().remember(LOGINS, &login, owner, LOGIN_LASTS).await?;
            self.login = Some(login);
        }
        self.signed_in = Some(who);
        Ok(())
    }

    /// Ends the live login. Who was signed in is left: `cookie-session.json`, "drops the session
    /// id, not the login".
    pub(crate) async fn end_login(&mut self, exchange: &dyn Exchange) -> Result<(), Fault> {
        if let Some(login) = self.login.take() {
            exchange.memory().forget(LOGINS, &login).await?;
        }
        self.mechanism = None;
        Ok(())
    }
}

/// Remembers somebody beyond the session; answers the token.
pub(crate) async fn remember(exchange: &dyn Exchange, who: &SignedIn) -> Result<String, Fault> {
    let token = hex_token(exchange);
    let value = kept(exchange, who);
    exchange.memory().remember(REMEMBERED, &token, value, REMEMBER_LASTS).await?;
    Ok(token)
}

/// Whom a token remembers.
pub(crate) async fn remembered(
    exchange: &dyn Exchange,
    token: &str,
) -> Result<Option<SignedIn>, Fault> {
    recall(exchange, REMEMBERED, token, (REMEMBER_LASTS, Duration::MAX)).await
}

/// A token against forged requests: the one that was shown, if it is ours.
pub(crate) async fn csrf_token(
    exchange: &dyn Exchange,
    shown: Option<&str>,
) -> Result<String, Fault> {
    if let Some(shown) = shown
        && is_csrf_token(exchange, shown).await?
    {
        return Ok(shown.to_owned());
    }
    let token = hex_token(exchange);
    let value = kept(exchange, &true);
    exchange.memory().remember(CSRF_TOKENS, &token, value, SESSION_LASTS).await?;
    Ok(token)
}

/// Whether a token against forged requests is ours.
pub(crate) async fn is_csrf_token(exchange: &dyn Exchange, token: &str) -> Result<bool, Fault> {
    let found: Option<bool> = recall(exchange, CSRF_TOKENS, token, (SESSION_LASTS, DAY)).await?;
    Ok(found.unwrap_or_default())
}
