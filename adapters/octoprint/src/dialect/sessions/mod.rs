//! Browser sessions and remembered logins.
//!
//! OctoPrint stores a session in a signed cookie, and a list of live logins on the server. Here the
//! cookie is a random token, and the session is in the session store. Each change of a session gets
//! a new token. The token before it still opens the session as it was, as an older signed cookie
//! does: `fixtures/transcripts/octoprint/cookie-session.json`.
//!
//! One sign-in can have several cookies and a token of "remember me", which opens further sessions.
//! Together they are a *family*. A logout deletes the family's row, which ends all of them.

mod families;
pub(crate) mod logins;
mod rows;
pub(crate) mod signed_in;

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionKind;
use serde::{Deserialize, Serialize};

use crate::dialect::sessions::families::{FAMILIES, FAMILY, is_open};
use crate::dialect::sessions::logins::{LOGIN, LOGINS, LoginRow};
use crate::dialect::sessions::rows::{Lifetime, read, store};
use crate::dialect::sessions::signed_in::SignedIn;
use crate::secrets::hex_token;

const SESSIONS: SessionKind = "octoprint.session";
const REMEMBERED: SessionKind = "octoprint.remember";

const DAY: Duration = Duration::from_hours(24);
const SESSION: Lifetime = (Duration::from_hours(31 * 24), DAY);
const REMEMBER: Lifetime = (REMEMBER_LASTS, Duration::MAX);
/// How long a token of "remember me" is valid.
pub(crate) const REMEMBER_LASTS: Duration = FAMILY.0;

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
        let row: Option<LoginRow> = read(exchange, LOGINS, login, LOGIN).await?;
        Ok(row.filter(|row| row.user() == who.user).map(|_| who.clone()))
    }

    /// Signs a user in, with a new live login unless there is one.
    pub(crate) async fn sign_in(
        &mut self,
        exchange: &dyn Exchange,
        who: SignedIn,
    ) -> Result<(), Fault> {
        let has_login = self.login.is_some() && self.signed_in.as_ref() == Some(&who);
        self.sign_in_without_login(exchange, who.clone()).await?;
        if !has_login {
            let login = hex_token(exchange);
            self.store_login(exchange, &login, who).await?;
            self.login = Some(login);
        }
        Ok(())
    }

    /// Stores a live login of the family.
    async fn store_login(
        &self,
        exchange: &dyn Exchange,
        login: &str,
        who: SignedIn,
    ) -> Result<(), Fault> {
        let family = self.family.clone().unwrap_or_default();
        store(exchange, LOGINS, (login, LOGIN.0), &LoginRow::SignedIn { who, family }).await
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
        if let Some(login) = &self.login {
            self.store_login(exchange, login, who.clone()).await?;
        }
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
