//! Sessions: the cookie that names a session, and the record in the session store.

use std::time::Duration;

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::Request;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::{User, UserId, UserRef};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::dialect::cookies;
use crate::options::Options;

const KIND: SessionKind = "dandelion.session";

/// The name of the session's cookie in the default configuration of the server.
pub(crate) const COOKIE: &str = "dan_session_1";

/// How long a session lasts after its last use: the server's default.
const LIFETIME: Duration = Duration::from_hours(6);

/// How old the recorded time of the last use may be. A session in use is not written at each
/// request.
const USE_RECORDED: Duration = Duration::from_mins(10);

/// The sessions of a route, for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sessions<'a> {
    /// The options of the route.
    pub(crate) options: &'a Options,
    /// The request.
    pub(crate) request: &'a Request,
    /// The gateway.
    pub(crate) exchange: &'a dyn Exchange,
}

/// A session of a user who is logged in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Session {
    /// The id, which is a secret.
    id: String,
    /// The canonical id of the owner. A native id could be given to another person later.
    user: UserId,
    /// The time when the password was set that opened the session. Another password ends it.
    password: Timestamp,
    /// The owner's `sessions_since` when the session was opened. A deactivation moves that time
    /// and so ends the session.
    since: Timestamp,
    /// Whether the session was used while its owner was inactive. This ends it too.
    ended: bool,
    /// The recorded time of the last use.
    used: Timestamp,
    /// The theme that the session shows.
    pub(crate) theme: String,
}

/// The state of the session that a request names.
#[derive(Debug)]
pub(crate) enum State {
    /// There is no session, or it has ended.
    None,
    /// The owner is inactive.
    Inactive,
    /// The session is open; this is its owner.
    Open(Session, Caller),
}

impl Sessions<'_> {
    /// The session id of the request, if it has the form of one.
    pub(crate) fn id(&self) -> Option<&str> {
        let is_valid = |id: &&str| {
            !id.is_empty()
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b",-".contains(&byte))
        };
        cookies::read(self.request, COOKIE).filter(is_valid)
    }

    /// Finds the session of the request. Its owner is read again.
    pub(crate) async fn find(&self) -> Result<State, Fault> {
        let Some(session) = self.stored().await? else { return Ok(State::None) };
        let owner = Credentials::Vouched(UserRef::Id(session.user));
        match self.exchange.identify(owner).await {
            Ok(caller) => self.of_caller(session, caller).await,
            Err(fault) if fault.kind != FaultKind::Unauthenticated => Err(fault),
            Err(fault) if fault.refusal == Some(Refusal::Inactive) => {
                if !session.ended {
                    self.save(&Session { ended: true, ..session }).await?;
                }
                Ok(State::Inactive)
            }
            Err(_) => Ok(State::None),
        }
    }

    async fn of_caller(&self, mut session: Session, caller: Caller) -> Result<State, Fault> {
        if session.ended || !caller.user().is_some_and(|user| session.is_of(user)) {
            return Ok(State::None);
        }
        let now = self.exchange.now();
        if now.duration_since(session.used).unsigned_abs() > USE_RECORDED {
            session.used = now;
            self.save(&session).await?;
        }
        Ok(State::Open(session, caller))
    }

    /// Opens a session, and ends the session of the request.
    pub(crate) async fn open(&self, user: &User, theme: &str) -> Result<Session, Fault> {
        self.close().await?;
        let session = Session {
            id: self.new_id(),
            user: user.id,
            password: user.password_changed,
            since: user.sessions_since,
            ended: false,
            used: self.exchange.now(),
            theme: theme.to_owned(),
        };
        let record = self.record(&session);
        self.exchange.sessions().remember(KIND, &session.id, record, LIFETIME).await?;
        Ok(session)
    }

    /// Ends the session of the request. An unknown id writes nothing.
    pub(crate) async fn close(&self) -> Result<(), Fault> {
        let store = self.exchange.sessions();
        if let Some(id) = self.id()
            && store.recall(KIND, id).await?.is_some()
        {
            store.forget(KIND, id).await?;
        }
        Ok(())
    }

    /// Stores a changed session, unless it was ended in the meantime.
    pub(crate) async fn save(&self, session: &Session) -> Result<(), Fault> {
        let record = self.record(session);
        self.exchange.sessions().renew(KIND, &session.id, record, LIFETIME).await.map(drop)
    }

    /// The header value that gives a new session id to the client.
    pub(crate) fn new_cookie(&self) -> String {
        self.cookie(&self.new_id())
    }

    /// The header value that gives the id of a session to the client.
    pub(crate) fn cookie_of(&self, session: &Session) -> String {
        self.cookie(&session.id)
    }

    fn cookie(&self, id: &str) -> String {
        let path =
            if self.request.path_prefix.is_empty() { "/" } else { &self.request.path_prefix };
        format!("{COOKIE}={id}; path={path}; HttpOnly; SameSite=Lax")
    }

    fn new_id(&self) -> String {
        hex::encode(&self.exchange.random()[..16])
    }

    async fn stored(&self) -> Result<Option<Session>, Fault> {
        let Some(id) = self.id() else { return Ok(None) };
        let record = self.exchange.sessions().recall(KIND, id).await?;
        Ok(record.and_then(|record| self.read(id, &record)))
    }

    fn record(&self, session: &Session) -> Value {
        json!({
            "namespace": self.options.namespace.as_str(),
            "user": session.user.0.to_string(),
            "password": session.password.to_string(),
            "since": session.since.to_string(),
            "ended": session.ended,
            "used": session.used.to_string(),
            "theme": session.theme,
        })
    }

    /// Reads a record. A session of a route with another id namespace is not valid here.
    fn read(&self, id: &str, record: &Value) -> Option<Session> {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        if text("namespace") != Some(self.options.namespace.as_str()) {
            return None;
        }
        Some(Session {
            id: id.to_owned(),
            user: UserId(text("user")?.parse().ok()?),
            password: text("password")?.parse().ok()?,
            since: text("since")?.parse().ok()?,
            ended: record.get("ended").and_then(Value::as_bool)?,
            used: text("used")?.parse().ok()?,
            theme: text("theme")?.to_owned(),
        })
    }
}

impl Session {
    /// Whether the session belongs to this person, and neither a new password nor a deactivation
    /// has ended it.
    fn is_of(&self, user: &User) -> bool {
        (self.user, self.password, self.since)
            == (user.id, user.password_changed, user.sessions_since)
    }

    /// The same session with another theme.
    pub(crate) fn with_theme(&self, theme: &str) -> Self {
        Self { theme: theme.to_owned(), ..self.clone() }
    }

    /// The same session after its owner set a new password in it.
    pub(crate) fn with_password_of(&self, user: &User) -> Self {
        Self { password: user.password_changed, ..self.clone() }
    }
}
