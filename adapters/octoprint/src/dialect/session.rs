//! Browser sessions and remembered logins.
//!
//! OctoPrint keeps a session in a signed cookie, and beside it a list of live logins on the
//! server. Here the cookie is a random name, and what it stands for is remembered: each change
//! gives a new name, so that an earlier cookie still stands for what it stood for, exactly as an
//! earlier signed cookie does (`fixtures/transcripts/octoprint/cookie-session.json`).
//!
//! One sign-in may have several cookies and a token of "remember me", each of which gives further
//! sessions. Together they are a *family*, whose one row a logout deletes: nothing of it outlives
//! that.

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::{User, UserId, UserRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::secrets::hex_token;

const SESSIONS: SessionKind = "octoprint.session";
const LOGINS: SessionKind = "octoprint.login";
const REMEMBERED: SessionKind = "octoprint.remember";
const FAMILIES: SessionKind = "octoprint.family";

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

/// Somebody who signed in, with the age of the password they had then: neither a session nor a
/// remembered login outlives its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user: Uuid,
    pub(crate) password_changed: Timestamp,
    /// The person's `sessions_since` as it was then. A deactivation moves it and ends the session,
    /// but not a remembered login.
    pub(crate) era: Timestamp,
}

impl SignedIn {
    /// Somebody as they are now.
    pub(crate) fn now(user: &User) -> Self {
        Self { user: user.id.0, password_changed: user.password_changed, era: user.sessions_since }
    }

    /// Points at the person, by the one id that nobody else ever has.
    pub(crate) fn person(&self) -> UserRef {
        UserRef::Id(UserId(self.user))
    }
}

/// What a session cookie stands for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Who is signed in.
    pub(crate) signed_in: Option<SignedIn>,
    /// The sign-in that it goes back to. A logout ends all of it.
    pub(crate) family: Option<String>,
    /// The live login this belongs to.
    pub(crate) login: Option<String>,
    /// How they came to be known.
    pub(crate) mechanism: Option<Mechanism>,
    /// When a password was last seen, in seconds.
    pub(crate) seen: Option<i64>,
    /// What a token against forged requests must be bound to.
    pub(crate) csrf: Option<String>,
}

/// Whom a token of "remember me" remembers.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) who: SignedIn,
    family: String,
    csrf: Option<String>,
}

impl Remembered {
    /// The session that comes of the token. It is as good as its family.
    pub(crate) fn session(self) -> Session {
        Session {
            signed_in: Some(self.who),
            family: Some(self.family),
            mechanism: Some(Mechanism::RememberMe),
            csrf: self.csrf,
            ..Session::default()
        }
    }
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
    kind: SessionKind,
    key: &str,
    (lasting, renewed): (Duration, Duration),
) -> Result<Option<T>, Fault> {
    let found = exchange.sessions().recall(kind, key).await?;
    let Some(found) = found.and_then(|value| serde_json::from_value::<Kept<T>>(value).ok()) else {
        return Ok(None);
    };
    if exchange.now().duration_since(found.since).unsigned_abs() > renewed {
        let renewed = kept(exchange, &found.value);
        exchange.sessions().renew(kind, key, renewed, lasting).await?;
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
        if self.signed_in.is_some() {
            let value = kept(exchange, self);
            exchange.sessions().remember(SESSIONS, &token, value, SESSION_LASTS).await?;
        }
        Ok(token)
    }

    /// Who is signed in, unless they have logged out or the login was ended.
    pub(crate) async fn alive(&self, exchange: &dyn Exchange) -> Result<Option<SignedIn>, Fault> {
        let (Some(who), Some(family)) = (&self.signed_in, &self.family) else { return Ok(None) };
        if !is_open(exchange, family, who).await? {
            return Ok(None);
        }
        let Some(login) = &self.login else { return Ok(Some(who.clone())) };
        let owner: Option<Uuid> = recall(exchange, LOGINS, login, (LOGIN_LASTS, HOUR / 12)).await?;
        Ok(owner.filter(|owner| *owner == who.user).map(|_| who.clone()))
    }

    /// Signs somebody in: a new live login, unless there is one.
    pub(crate) async fn sign_in(
        &mut self,
        exchange: &dyn Exchange,
        who: SignedIn,
    ) -> Result<(), Fault> {
        let same = self.signed_in.as_ref() == Some(&who);
        if self.family.is_none() || !same {
            let family = hex_token(exchange);
            let owner = kept(exchange, &who.user);
            exchange.sessions().remember(FAMILIES, &family, owner, REMEMBER_LASTS).await?;
            self.family = Some(family);
        }
        if self.login.is_none() || !same {
            let login = hex_token(exchange);
            let owner = kept(exchange, &who.user);
            exchange.sessions().remember(LOGINS, &login, owner, LOGIN_LASTS).await?;
            self.login = Some(login);
        }
        self.signed_in = Some(who);
        Ok(())
    }

    /// Ends the live login. Who was signed in is left: `cookie-session.json`, "drops the session
    /// id, not the login".
    pub(crate) async fn end_login(&mut self, exchange: &dyn Exchange) -> Result<(), Fault> {
        if let Some(login) = self.login.take() {
            exchange.sessions().forget(LOGINS, &login).await?;
        }
        self.mechanism = None;
        Ok(())
    }

    /// Ends the session of this cookie, and the live login, but no remembered one: what OctoPrint
    /// does when an inactive person's session is shown.
    pub(crate) async fn end(mut self, exchange: &dyn Exchange, token: &str) -> Result<(), Fault> {
        self.end_login(exchange).await?;
        exchange.sessions().forget(SESSIONS, token).await.map(drop)
    }

    /// Logs out: ends every session and every remembered login of the sign-in.
    pub(crate) async fn log_out(&mut self, exchange: &dyn Exchange) -> Result<(), Fault> {
        self.end_login(exchange).await?;
        if let Some(family) = self.family.take() {
            exchange.sessions().forget(FAMILIES, &family).await?;
        }
        *self = Self::default();
        Ok(())
    }

    /// Remembers whoever is signed in beyond the session; answers the token.
    pub(crate) async fn remember(&self, exchange: &dyn Exchange) -> Result<Option<String>, Fault> {
        let (Some(who), Some(family)) = (&self.signed_in, &self.family) else { return Ok(None) };
        let token = hex_token(exchange);
        let (who, family, csrf) = (who.clone(), family.clone(), self.csrf.clone());
        let value = kept(exchange, &Remembered { who, family, csrf });
        exchange.sessions().remember(REMEMBERED, &token, value, REMEMBER_LASTS).await?;
        Ok(Some(token))
    }
}

/// Whether nobody has logged out of a sign-in.
async fn is_open(exchange: &dyn Exchange, family: &str, who: &SignedIn) -> Result<bool, Fault> {
    let owner: Option<Uuid> = recall(exchange, FAMILIES, family, (REMEMBER_LASTS, DAY)).await?;
    Ok(owner == Some(who.user))
}

/// Whom a token remembers, unless they have logged out.
pub(crate) async fn remembered(
    exchange: &dyn Exchange,
    token: &str,
) -> Result<Option<Remembered>, Fault> {
    let lasting = (REMEMBER_LASTS, Duration::MAX);
    let found: Option<Remembered> = recall(exchange, REMEMBERED, token, lasting).await?;
    let Some(found) = found else { return Ok(None) };
    Ok(is_open(exchange, &found.family, &found.who).await?.then_some(found))
}

/// Forgets a remembered login, with all that came of its sign-in.
pub(crate) async fn forget_remembered(exchange: &dyn Exchange, token: &str) -> Result<(), Fault> {
    if let Some(found) = remembered(exchange, token).await? {
        exchange.sessions().forget(FAMILIES, &found.family).await?;
        exchange.sessions().forget(REMEMBERED, token).await?;
    }
    Ok(())
}
