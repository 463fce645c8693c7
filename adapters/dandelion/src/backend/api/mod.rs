//! The methods of Dandelion's API that the backend calls.

pub(super) mod groups;
pub(super) mod transport;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::secret::Secret;
use serde_json::Value;

use crate::backend::api::transport::{Fields, Reply, With, get, login, post};
use crate::backend::fault::{key_refused, not_by_gateway, unavailable, unexpected};
use crate::backend::row::{Row, Rows};
use crate::ids::{Gid, Uid};

/// The API of a Dandelion server.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    /// How the configuration describes the server.
    pub(super) service: Service,
    sessions: Sessions,
}

/// Who calls with a key or a session.
#[derive(Debug)]
pub(super) enum Holder {
    /// This user.
    User(Box<Row>),
    /// A user who is disabled.
    Disabled,
    /// Nobody: the key or session is not valid.
    Nobody,
}

/// The most sessions that are kept. A user whose session is dropped must log in again to read or
/// issue a key.
const MOST_SESSIONS: usize = 10_000;

/// The cookies of the last sessions, by user name, in memory only.
#[derive(Debug, Default)]
struct Sessions(Mutex<HashMap<String, Secret>>);

impl Sessions {
    fn keep(&self, user: &str, session: Secret) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_SESSIONS {
            all.clear();
        }
        all.insert(user.to_owned(), session);
    }

    fn of(&self, user: &str) -> Option<Secret> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }
}

/// The result of a method that answers one sentence.
#[derive(Debug)]
pub(super) enum Acted {
    /// The method says that it is done.
    Done,
    /// The method refuses.
    Refused,
    /// The database refuses or fails.
    Failed(Fault),
}

impl Api {
    /// The API of a server.
    pub(super) fn new(upstream: Arc<dyn Upstream>, service: Service) -> Self {
        Self { upstream, service, sessions: Sessions::default() }
    }

    /// Reads a user. A user who does not exist is a `NotFound` fault.
    pub(super) async fn user(&self, id: Uid) -> Result<Row, Fault> {
        let shown = id.to_string();
        let key = With::Key(&self.service.secret);
        match get(&self.upstream, key, "users/getuser", vec![("uid", &shown)]).await? {
            Reply::Data(data) => match Row::only(&data, &self.service.namespace)? {
                row if row.id == id => Ok(row),
                _ => Err(unexpected("the server answers another user")),
            },
            Reply::Nothing => Err(Fault::not_found(Subject::User)),
            Reply::Refused => Err(unexpected("the server refuses to show a user")),
            Reply::Failed(_) => Err(unavailable("the server cannot read a user")),
            Reply::KeyRefused | Reply::OwnerRefused => Err(key_refused()),
        }
    }

    /// Reads who calls with a key or a session.
    pub(super) async fn holder_of(&self, with: With<'_>) -> Result<Holder, Fault> {
        match get(&self.upstream, with, "users/getuser", Vec::new()).await? {
            Reply::Data(data) => {
                let row = Row::only(&data, &self.service.namespace)?;
                Ok(Holder::User(Box::new(row)))
            }
            Reply::KeyRefused => Ok(Holder::Nobody),
            // Everybody may read their own row.
            Reply::OwnerRefused => Ok(Holder::Disabled),
            Reply::Nothing | Reply::Refused | Reply::Failed(_) => {
                Err(unexpected("the server does not show the owner of a key"))
            }
        }
    }

    /// Issues a new key to the holder of a key or a session. The old key is void then.
    pub(super) async fn generate_key(&self, with: With<'_>) -> Result<Secret, Fault> {
        key_in(post(&self.upstream, with, "key/generate", Vec::new()).await?)
    }

    /// Reads the key of the holder of a session. If there is none, the server makes one.
    pub(super) async fn key_of(&self, session: &Secret) -> Result<Secret, Fault> {
        key_in(get(&self.upstream, With::Session(session), "key/get", Vec::new()).await?)
    }

    /// Revokes a user's key. It is done too if the user has none.
    pub(super) async fn revoke_key(&self, id: Uid) -> Result<(), Fault> {
        self.act_on(id, "key/revoke", Vec::new(), "Key revoked successfully").await
    }

    /// Reads all users.
    pub(super) async fn users(&self) -> Result<Rows, Fault> {
        let key = With::Key(&self.service.secret);
        match get(&self.upstream, key, "users/getusers", Vec::new()).await? {
            Reply::Data(data) => match Rows::of(&data, &self.service.namespace)? {
                // The owner of the gateway's key exists.
                rows if rows.read.is_empty() => Err(unexpected("the server lists no user")),
                rows => Ok(rows),
            },
            Reply::Nothing => Err(unexpected("the server lists no user")),
            Reply::Refused => Err(unexpected("the server refuses to list users")),
            Reply::Failed(_) => Err(unavailable("the server cannot list users")),
            Reply::KeyRefused | Reply::OwnerRefused => Err(key_refused()),
        }
    }

    /// Creates a user.
    pub(super) async fn create(&self, fields: Fields<'_>) -> Result<Acted, Fault> {
        self.act("users/create", fields, "User created successfully").await
    }

    /// Deletes a user. The server can say that it is done when it is not.
    pub(super) async fn delete(&self, id: Uid) -> Result<Acted, Fault> {
        let id = id.to_string();
        self.act("users/delete", vec![("uid", &id)], "User deleted successfully").await
    }

    /// Changes fields of a user.
    pub(super) async fn edit(&self, id: Uid, fields: Fields<'_>) -> Result<(), Fault> {
        self.act_on(id, "users/edit", fields, "User saved successfully").await
    }

    /// Puts a user into a group.
    pub(super) async fn set_group(&self, id: Uid, group: Gid) -> Result<(), Fault> {
        self.edit(id, vec![("role", &group.to_string())]).await
    }

    /// Enables or disables a user.
    pub(super) async fn set_active(&self, id: Uid, active: bool) -> Result<(), Fault> {
        let (method, sentence) = if active {
            ("users/enable", "User enabled")
        } else {
            ("users/disable", "User disabled")
        };
        self.act_on(id, method, Vec::new(), sentence).await
    }

    /// Sets a password. With `prompt`, the server asks for a new one at the next login.
    pub(super) async fn reset_password(
        &self,
        id: Uid,
        password: &Secret,
        prompt: bool,
    ) -> Result<(), Fault> {
        let prompt = if prompt { "true" } else { "false" };
        let fields = vec![("pw", password.expose()), ("force_reset", prompt)];
        self.act_on(id, "users/resetpassword", fields, "Password changed successfully").await
    }

    /// Whether a user can log in with a password. The session is kept, to read and issue the user's
    /// key in it: an administrator cannot.
    pub(super) async fn login(&self, user: &str, password: &Secret) -> Result<bool, Fault> {
        let session = login(&self.upstream, user, password).await?;
        let opened = session.is_some();
        if let Some(session) = session {
            self.sessions.keep(user, session);
        }
        Ok(opened)
    }

    /// The session of the last login of this user.
    pub(super) fn session_of(&self, user: &str) -> Option<Secret> {
        self.sessions.of(user)
    }

    /// The session of the last login of a user, if the server still takes it for theirs.
    pub(super) async fn open_session_of(&self, owner: &Row) -> Result<Option<Secret>, Fault> {
        let Some(session) = self.session_of(&owner.user.username) else { return Ok(None) };
        let held = self.is_held_by(owner, With::Session(&session)).await?;
        Ok(Some(session).filter(|_| held))
    }

    /// Whether this user holds the key or session. A user name can have passed to somebody else.
    pub(super) async fn is_held_by(&self, owner: &Row, with: With<'_>) -> Result<bool, Fault> {
        Ok(matches!(self.holder_of(with).await?, Holder::User(row) if row.id == owner.id))
    }

    /// Calls a method that answers one sentence.
    async fn act(
        &self,
        method: &str,
        fields: Fields<'_>,
        sentence: &'static str,
    ) -> Result<Acted, Fault> {
        match post(&self.upstream, With::Key(&self.service.secret), method, fields).await? {
            Reply::Data(Value::String(text)) if text == sentence => Ok(Acted::Done),
            Reply::Data(_) | Reply::Nothing => {
                Err(unexpected("the server does not say what it did"))
            }
            Reply::Refused => Ok(Acted::Refused),
            Reply::Failed(fault) => Ok(Acted::Failed(fault)),
            Reply::KeyRefused | Reply::OwnerRefused => Err(key_refused()),
        }
    }

    /// Calls a method that changes a user. If the database refuses, the user is read: that the user
    /// does not exist is the reason only if this read confirms it.
    async fn act_on(
        &self,
        id: Uid,
        method: &str,
        fields: Fields<'_>,
        sentence: &'static str,
    ) -> Result<(), Fault> {
        let shown = id.to_string();
        let fields = [("uid", shown.as_str())].into_iter().chain(fields).collect();
        match self.act(method, fields, sentence).await? {
            Acted::Done => Ok(()),
            Acted::Refused => Err(unexpected("the server refuses to change a user")),
            Acted::Failed(fault) => match self.user(id).await {
                Ok(_) => Err(fault),
                Err(reason) => Err(reason),
            },
        }
    }
}

fn key_in(reply: Reply) -> Result<Secret, Fault> {
    match reply {
        Reply::Data(Value::String(key)) => Ok(Secret::from(key)),
        Reply::Failed(fault) => Err(fault),
        Reply::KeyRefused => Err(not_by_gateway("the session has ended")),
        Reply::Data(_) | Reply::Nothing | Reply::Refused | Reply::OwnerRefused => {
            Err(unexpected("the server does not show a key"))
        }
    }
}
