//! Browser sessions and remembered logins.
//!
//! OctoPrint stores a session in a signed cookie, and a list of live logins on the server. Here the
//! cookie is a random token, and the session is in the session store. Each change of a session gets
//! a new token. The token before it still opens the session as it was, as an older signed cookie
//! does: `fixtures/transcripts/octoprint/cookie-session.json`.
//!
//! One sign-in can have several cookies and a token of "remember me", which opens further sessions.
//! Together they are a *family*. A logout deletes the family's row, which ends all of them.

mod rows;

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::{User, UserId, UserRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dialect::sessions::rows::{Lifetime, read, store};
use crate::secrets::hex_token;

const SESSIONS: SessionKind = "octoprint.session";
const LOGINS: SessionKind = "octoprint.login";
const REMEMBERED: SessionKind = "octoprint.remember";
const FAMILIES: SessionKind = "octoprint.family";

const DAY: Duration = Duration::from_hours(24);
const SESSION: Lifetime = (Duration::from_hours(31 * 24), DAY);
const LOGIN: Lifetime = (Duration::from_hours(2), Duration::from_mins(5));
const FAMILY: Lifetime = (REMEMBER_LASTS, DAY);
const REMEMBER: Lifetime = (REMEMBER_LASTS, Duration::MAX);
/// How long a token of "remember me" is valid.
pub(crate) const REMEMBER_LASTS: Duration = Duration::from_hours(90 * 24);

/// How a caller proved who they are.
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
    /// Its name in answers.
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

/// A user who signed in, with the time of the password they had then. A new password ends sessions
/// and remembered logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user: Uuid,
    pub(crate) password_changed: Timestamp,
    /// The user's `sessions_since` at that time. A deactivation moves it, which ends the session and
    /// the remembered login.
    #[serde(rename = "era")]
    pub(crate) sessions_since: Timestamp,
}

impl SignedIn {
    /// A user who signs in now.
    pub(crate) fn now(user: &User) -> Self {
        let (password_changed, sessions_since) = (user.password_changed, user.sessions_since);
        Self { user: user.id.0, password_changed, sessions_since }
    }

    /// The user, by canonical id: no other user ever has it.
    pub(crate) fn person(&self) -> UserRef {
        UserRef::Id(UserId(self.user))
    }
}

/// A session.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Who is signed in.
    pub(crate) signed_in: Option<SignedIn>,
    /// The sign-in that it belongs to.
    pub(crate) family: Option<String>,
    /// The live login that it belongs to.
    pub(crate) login: Option<String>,
    /// How the user proved who they are.
    pub(crate) mechanism: Option<Mechanism>,
    /// When the user last sent a password, in seconds.
    pub(crate) seen: Option<i64>,
    /// The binding that a CSRF token must have.
    pub(crate) csrf: Option<String>,
}

/// The login that a token of "remember me" stands for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) who: SignedIn,
    family: String,
    csrf: Option<String>,
}

impl Remembered {
    /// The session that the token opens. It ends with its family.
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

impl Session {
    /// The session of a cookie.
    pub(crate) async fn open(exchange: &dyn Exchange, token: &str) -> Result<Option<Self>, Fault> {
        read(exchange, SESSIONS, token, SESSION).await
    }

    /// Stores the session under a new token. A session of a guest is not stored.
    pub(crate) async fn store(&self, exchange: &dyn Exchange) -> Result<String, Fault> {
        let token = hex_token(exchange);
        if self.signed_in.is_some() {
            store(exchange, SESSIONS, (&token, SESSION.0), self).await?;
        }
        Ok(token)
    }

    /// Who is signed in, unless they have logged out or the live login has ended.
    pub(crate) async fn live_user(
        &self,
        exchange: &dyn Exchange,
    ) -> Result<Option<SignedIn>, Fault> {
        let (Some(who), Some(family)) = (&self.signed_in, &self.family) else { return Ok(None) };
        if !is_open(exchange, family, who).await? {
            return Ok(None);
        }
        let Some(login) = &self.login else { return Ok(Some(who.clone())) };
        let owner: Option<Uuid> = read(exchange, LOGINS, login, LOGIN).await?;
        Ok(owner.filter(|owner| *owner == who.user).map(|_| who.clone()))
    }

    /// Signs a user in, with a new live login unless there is one.
    pub(crate) async fn sign_in(
        &mut self,
        exchange: &dyn Exchange,
        who: SignedIn,
    ) -> Result<(), Fault> {
        let same = self.signed_in.as_ref() == Some(&who);
        if self.login.is_none() || !same {
            let login = hex_token(exchange);
            store(exchange, LOGINS, (&login, LOGIN.0), &who.user).await?;
            self.login = Some(login);
        }
        self.sign_in_without_login(exchange, who).await
    }

    /// Signs a user in without a live login: OctoPrint before 1.4 asks for none.
    pub(crate) async fn sign_in_without_login(
        &mut self,
        exchange: &dyn Exchange,
        who: SignedIn,
    ) -> Result<(), Fault> {
        let same = self.signed_in.as_ref() == Some(&who);
        if self.family.is_none() || !same {
            let family = hex_token(exchange);
            store(exchange, FAMILIES, (&family, FAMILY.0), &who.user).await?;
            self.family = Some(family);
        }
        self.signed_in = Some(who);
        Ok(())
    }

    /// Keeps the session of this cookie open after its user has set a new password in it. All other
    /// sessions of the user have ended.
    pub(crate) async fn keep_open(
        &mut self,
        exchange: &dyn Exchange,
        token: &str,
        who: SignedIn,
    ) -> Result<(), Fault> {
        self.signed_in = Some(who);
        store(exchange, SESSIONS, (token, SESSION.0), self).await
    }

    /// Ends the live login. The session goes on naming its user: `cookie-session.json`, "drops the
    /// session id, not the login".
    pub(crate) async fn end_login(&mut self, exchange: &dyn Exchange) -> Result<(), Fault> {
        if let Some(login) = self.login.take() {
            exchange.sessions().forget(LOGINS, &login).await?;
        }
        self.mechanism = None;
        Ok(())
    }

    /// Ends the session of this cookie with its whole sign-in, as a logout does, once its user is
    /// seen inactive. OctoPrint ends the live login only.
    pub(crate) async fn end(mut self, exchange: &dyn Exchange, token: &str) -> Result<(), Fault> {
        self.log_out(exchange).await?;
        exchange.sessions().forget(SESSIONS, token).await.map(drop)
    }

    /// Logs out: ends every session and every remembered login of the family.
    pub(crate) async fn log_out(&mut self, exchange: &dyn Exchange) -> Result<(), Fault> {
        self.end_login(exchange).await?;
        if let Some(family) = self.family.take() {
            exchange.sessions().forget(FAMILIES, &family).await?;
        }
        *self = Self::default();
        Ok(())
    }

    /// Stores a remembered login of the user who is signed in; answers its token.
    pub(crate) async fn remember(&self, exchange: &dyn Exchange) -> Result<Option<String>, Fault> {
        let (Some(who), Some(family)) = (&self.signed_in, &self.family) else { return Ok(None) };
        let token = hex_token(exchange);
        let (who, family, csrf) = (who.clone(), family.clone(), self.csrf.clone());
        let login = Remembered { who, family, csrf };
        store(exchange, REMEMBERED, (&token, REMEMBER.0), &login).await?;
        Ok(Some(token))
    }
}

/// Whether a family is this user's, and nobody has logged out of it.
async fn is_open(exchange: &dyn Exchange, family: &str, who: &SignedIn) -> Result<bool, Fault> {
    let owner: Option<Uuid> = read(exchange, FAMILIES, family, FAMILY).await?;
    Ok(owner == Some(who.user))
}

/// The login of a token of "remember me", unless the user has logged out.
pub(crate) async fn remembered(
    exchange: &dyn Exchange,
    token: &str,
) -> Result<Option<Remembered>, Fault> {
    let found: Option<Remembered> = read(exchange, REMEMBERED, token, REMEMBER).await?;
    let Some(found) = found else { return Ok(None) };
    Ok(is_open(exchange, &found.family, &found.who).await?.then_some(found))
}

/// Ends the login of a token of "remember me", with its family.
pub(crate) async fn forget_remembered(exchange: &dyn Exchange, token: &str) -> Result<(), Fault> {
    if let Some(found) = remembered(exchange, token).await? {
        exchange.sessions().forget(FAMILIES, &found.family).await?;
        exchange.sessions().forget(REMEMBERED, token).await?;
    }
    Ok(())
}
