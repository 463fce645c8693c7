//! Sessions: the cookie that every answer carries, and what is remembered behind it.

use std::time::Duration;

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::{User, UserId, UserRef};
use jiff::Timestamp;
use serde_json::{Value, json};

const SHELF: SessionKind = "dandelion.session";

/// The name of the session's cookie on a server that was not told another.
pub(crate) const COOKIE: &str = "dan_session_1";

/// How long a session lasts after its last use: six hours, unless Dandelion is told otherwise.
const LASTING: Duration = Duration::from_hours(6);

/// How old the note of the last use may be: a session in use is not written at each request.
const NOTED: Duration = Duration::from_mins(10);

/// A request, and what may be done for it.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) request: &'a Request,
    pub(crate) exchange: &'a dyn Exchange,
    pub(crate) namespace: &'a IdNamespace,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Session {
    /// Its id, which is a secret.
    id: String,
    /// Whose. The canonical id, which no other person ever has: a native id may be given again.
    user: UserId,
    /// When the password was set that it was opened with; another one ends the session.
    password: Timestamp,
    /// The owner's `sessions_since` as it was then; a deactivation moves it and ends the session.
    era: Timestamp,
    /// Whether it was used while the account was inactive, which ends it too.
    over: bool,
    /// When its last use was noted.
    noted: Timestamp,
    /// The theme as the session knows it.
    pub(crate) theme: String,
}

/// What came of a session's cookie.
#[derive(Debug)]
pub(crate) enum Entry {
    /// There is no such session, or nobody whose it is any more.
    Nobody,
    /// Its owner is inactive.
    Inactive,
    /// Its owner, proved anew.
    Open(Session, Caller),
}

impl Visit<'_> {
    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.request.header("cookie")?.split(';');
        let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The session's id that the client brought, if it can be one.
    pub(crate) fn session_id(&self) -> Option<&str> {
        let plain = |id: &&str| {
            !id.is_empty()
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b",-".contains(&byte))
        };
        self.cookie(COOKIE).filter(plain)
    }

    /// The session that the client is in, with its owner as they are now.
    pub(crate) async fn enter(&self) -> Result<Entry, Fault> {
        let Some(id) = self.session_id() else { return Ok(Entry::Nobody) };
        let kept = self.exchange.sessions().recall(SHELF, id).await?;
        let Some(mut session) = kept.and_then(|kept| self.read(id, &kept)) else {
            return Ok(Entry::Nobody);
        };
        let owner = Credentials::Vouched(UserRef::Id(session.user));
        let caller = match self.exchange.identify(owner).await {
            Ok(caller) => caller,
            Err(fault) if fault.kind != FaultKind::Unauthenticated => return Err(fault),
            Err(fault) if fault.refusal == Some(Refusal::Inactive) => {
                if !session.over {
                    session.over = true;
                    self.keep(&session).await?;
                }
                return Ok(Entry::Inactive);
            }
            Err(_) => return Ok(Entry::Nobody),
        };
        if session.over || !caller.user().is_some_and(|user| session.is_of(user)) {
            return Ok(Entry::Nobody);
        }
        let now = self.exchange.now();
        if now.duration_since(session.noted).unsigned_abs() > NOTED {
            session.noted = now;
            self.keep(&session).await?;
        }
        Ok(Entry::Open(session, caller))
    }

    /// Opens a session, in place of the one that the client is in.
    pub(crate) async fn open(&self, user: &User, theme: &str) -> Result<Session, Fault> {
        self.close().await?;
        let now = self.exchange.now();
        let session = Session {
            id: self.fresh_id(),
            user: user.id,
            password: user.password_changed,
            era: user.sessions_since,
            over: false,
            noted: now,
            theme: theme.to_owned(),
        };
        let value = self.written(&session);
        self.exchange.sessions().remember(SHELF, &session.id, value, LASTING).await?;
        Ok(session)
    }

    /// Ends the session that the client is in. A cookie that stands for nothing writes nothing.
    pub(crate) async fn close(&self) -> Result<(), Fault> {
        let sessions = self.exchange.sessions();
        if let Some(id) = self.session_id()
            && sessions.recall(SHELF, id).await?.is_some()
        {
            sessions.forget(SHELF, id).await?;
        }
        Ok(())
    }

    /// Keeps a session as it is by now, unless it was ended in the meantime.
    pub(crate) async fn keep(&self, session: &Session) -> Result<(), Fault> {
        let value = self.written(session);
        self.exchange.sessions().renew(SHELF, &session.id, value, LASTING).await.map(drop)
    }

    fn written(&self, session: &Session) -> Value {
        json!({
            "namespace": self.namespace.as_str(),
            "user": session.user.0.to_string(),
            "password": session.password.to_string(),
            "era": session.era.to_string(),
            "over": session.over,
            "noted": session.noted.to_string(),
            "theme": session.theme,
        })
    }

    /// The header's value that hands a session's id to the client.
    pub(crate) fn session_cookie(&self, id: &str) -> String {
        let path = if self.request.mount.is_empty() { "/" } else { &self.request.mount };
        format!("{COOKIE}={id}; path={path}; HttpOnly; SameSite=Lax")
    }

    /// An id for a session.
    pub(crate) fn fresh_id(&self) -> String {
        hexadecimal(&self.exchange.random()[..16])
    }

    /// A session opened for another namespace's route is none here.
    fn read(&self, id: &str, kept: &Value) -> Option<Session> {
        let text = |name: &str| kept.get(name).and_then(Value::as_str);
        if text("namespace") != Some(self.namespace.as_str()) {
            return None;
        }
        Some(Session {
            id: id.to_owned(),
            user: UserId(text("user")?.parse().ok()?),
            password: text("password")?.parse().ok()?,
            era: text("era")?.parse().ok()?,
            over: kept.get("over").and_then(Value::as_bool)?,
            noted: text("noted")?.parse().ok()?,
            theme: text("theme")?.to_owned(),
        })
    }
}

impl Session {
    /// Whether it is this person's, with the password they have and not deactivated since.
    fn is_of(&self, user: &User) -> bool {
        (self.user, self.password, self.era)
            == (user.id, user.password_changed, user.sessions_since)
    }

    /// The same session with another theme.
    pub(crate) fn with_theme(&self, theme: &str) -> Self {
        Self { theme: theme.to_owned(), ..self.clone() }
    }

    /// The same session after its owner set a new password in it.
    pub(crate) fn renewed(&self, user: &User) -> Self {
        Self { password: user.password_changed, ..self.clone() }
    }

    /// The header's value that hands it to the client.
    pub(crate) fn cookie(&self, visit: &Visit<'_>) -> String {
        visit.session_cookie(&self.id)
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
