//! The methods of Dandelion's API that the backend calls.

pub(super) mod transport;

use std::sync::Arc;

use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::secret::Secret;
use serde_json::Value;

use crate::backend::api::transport::{Fields, Reply, get, login, post};
use crate::backend::fault::{key_refused, unavailable, unexpected};
use crate::backend::row::{Row, Rows};
use crate::ids::{Gid, Uid};

/// The API of a Dandelion server.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    /// How the configuration describes the server.
    pub(super) service: Service,
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
        Self { upstream, service }
    }

    /// Reads a user. A user who does not exist is a `NotFound` fault.
    pub(super) async fn user(&self, id: Uid) -> Result<Row, Fault> {
        let shown = id.to_string();
        let key = &self.service.secret;
        match get(&self.upstream, key, "users/getuser", vec![("uid", &shown)]).await? {
            Reply::Data(data) => match Row::only(&data, &self.service.namespace)? {
                row if row.id == id => Ok(row),
                _ => Err(unexpected("the server answers another user")),
            },
            Reply::Nothing => Err(Fault::not_found(Subject::User)),
            Reply::Refused => Err(unexpected("the server refuses to show a user")),
            Reply::Failed(_) => Err(unavailable("the server cannot read a user")),
            Reply::KeyRefused => Err(key_refused()),
        }
    }

    /// Reads the owner of a key; `None` if the server refuses the key.
    pub(super) async fn owner_of(&self, key: &Secret) -> Result<Option<Row>, Fault> {
        match get(&self.upstream, key, "users/getuser", Vec::new()).await? {
            Reply::Data(data) => Row::only(&data, &self.service.namespace).map(Some),
            Reply::KeyRefused => Ok(None),
            Reply::Nothing | Reply::Refused | Reply::Failed(_) => {
                Err(unexpected("the server does not show the owner of a key"))
            }
        }
    }

    /// Reads all users.
    pub(super) async fn users(&self) -> Result<Rows, Fault> {
        let key = &self.service.secret;
        match get(&self.upstream, key, "users/getusers", Vec::new()).await? {
            Reply::Data(data) => match Rows::of(&data, &self.service.namespace)? {
                // The owner of the gateway's key exists.
                rows if rows.read.is_empty() => Err(unexpected("the server lists no user")),
                rows => Ok(rows),
            },
            Reply::Nothing => Err(unexpected("the server lists no user")),
            Reply::Refused => Err(unexpected("the server refuses to list users")),
            Reply::Failed(_) => Err(unavailable("the server cannot list users")),
            Reply::KeyRefused => Err(key_refused()),
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

    /// Whether a user can log in with a password.
    pub(super) async fn login(&self, user: &str, password: &Secret) -> Result<bool, Fault> {
        login(&self.upstream, user, password).await
    }

    /// Calls a method that answers one sentence.
    async fn act(
        &self,
        method: &str,
        fields: Fields<'_>,
        sentence: &'static str,
    ) -> Result<Acted, Fault> {
        match post(&self.upstream, &self.service.secret, method, fields).await? {
            Reply::Data(Value::String(text)) if text == sentence => Ok(Acted::Done),
            Reply::Data(_) | Reply::Nothing => {
                Err(unexpected("the server does not say what it did"))
            }
            Reply::Refused => Ok(Acted::Refused),
            Reply::Failed(fault) => Ok(Acted::Failed(fault)),
            Reply::KeyRefused => Err(key_refused()),
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
