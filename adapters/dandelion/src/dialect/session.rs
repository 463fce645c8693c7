//! Sessions: the cookie that every answer carries, and what is remembered behind it.

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Request;
use isogloss_canonical::memory::Shelf;
use isogloss_canonical::realm::Realm;
use isogloss_canonical::user::{User, UserRef};
use jiff::Timestamp;
use serde_json::{Value, json};

const SHELF: Shelf = "dandelion.session";

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
    pub(crate) realm: &'a Realm,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Session {
    /// Its id, which is a secret.
    id: String,
    /// Whose, by the realm's id.
    user: String,
    /// Since when: a password set later ends the session.
    since: Timestamp,
    /// When its last use was noted.
    noted: Timestamp,
    /// The theme as the session knows it.
    pub(crate) theme: String,
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

    /// The session that the client is in.
    pub(crate) async fn session(&self) -> Result<Option<Session>, Fault> {
        let Some(id) = self.session_id() else { return Ok(None) };
        let kept = self.exchange.memory().recall(SHELF, id).await?;
        let Some(mut session) = kept.and_then(|kept| self.read(id, &kept)) else { return Ok(None) };
        let now = self.exchange.now();
        if now.duration_since(session.noted).unsigned_abs() > NOTED {
            session.noted = now;
            self.keep(&session).await?;
        }
        Ok(Some(session))
    }

    /// Opens a session, in place of the one that the client is in.
    pub(crate) async fn open(&self, user: &User, theme: &str) -> Result<Session, Fault> {
        self.close().await?;
        let now = self.exchange.now();
        let session = Session {
            id: self.fresh_id(),
            user: user.native(self.realm).unwrap_or_default().to_owned(),
            since: now.max(user.password_changed),
            noted: now,
            theme: theme.to_owned(),
        };
        self.keep(&session).await?;
        Ok(session)
    }

    /// Ends the session that the client is in.
    pub(crate) async fn close(&self) -> Result<(), Fault> {
        if let Some(id) = self.session_id() {
            self.exchange.memory().forget(SHELF, id).await?;
        }
        Ok(())
    }

    /// Keeps a session.
    pub(crate) async fn keep(&self, session: &Session) -> Result<(), Fault> {
        let value = json!({
            "realm": self.realm.as_str(),
            "user": session.user,
            "since": session.since.to_string(),
            "noted": session.noted.to_string(),
            "theme": session.theme,
        });
        self.exchange.memory().remember(SHELF, &session.id, value, LASTING).await
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

    /// A session opened for another realm's route is none here.
    fn read(&self, id: &str, kept: &Value) -> Option<Session> {
        let text = |name: &str| kept.get(name).and_then(Value::as_str);
        if text("realm") != Some(self.realm.as_str()) {
            return None;
        }
        Some(Session {
            id: id.to_owned(),
            user: text("user")?.to_owned(),
            since: text("since")?.parse().ok()?,
            noted: text("noted")?.parse().ok()?,
            theme: text("theme")?.to_owned(),
        })
    }
}

impl Session {
    /// Points at the person.
    pub(crate) fn person(&self, realm: &Realm) -> UserRef {
        UserRef::Native(realm.clone(), self.user.clone())
    }

    /// Whether it was opened before a person's password was set.
    pub(crate) fn is_over(&self, user: &User) -> bool {
        user.password_changed > self.since
    }

    /// The same session with another theme.
    pub(crate) fn with_theme(&self, theme: &str) -> Self {
        Self { theme: theme.to_owned(), ..self.clone() }
    }

    /// The same session after its owner set a new password in it.
    pub(crate) fn renewed(&self, user: &User) -> Self {
        Self { since: self.since.max(user.password_changed), ..self.clone() }
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
