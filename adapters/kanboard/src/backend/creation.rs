//! How somebody is created: proved to be the new one before anything else is written, and undone if
//! what belongs to it fails.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, Role, User, UserPatch};
use serde_json::{Value, json};

use crate::backend::KanboardBackend;
use crate::backend::people::{is_named, number, word};
use crate::backend::rpc::unexpected;

impl KanboardBackend {
    /// Creates somebody. Kanboard creates active people only: who shall not act is an ordinary
    /// person first, then disabled, and has a role last.
    pub(super) async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        let role = if user.inactive { Role::User } else { user.role };
        let id = self.send_creation(&user, role).await?;
        let made = self.numbered(id).await?;
        if !is_named(&made, &user.username) || made.role != role {
            return Err(unexpected("another person than was created"));
        }
        if !user.inactive {
            return Ok(Outcome::User(Box::new(made)));
        }
        match self.finish(id, user.role).await {
            Ok(made) => Ok(Outcome::User(Box::new(made))),
            Err(fault) => Err(self.undo(id, fault).await),
        }
    }

    async fn send_creation(&self, user: &NewUser, role: Role) -> Result<i64, Fault> {
        let password = user.password.clone().unwrap_or_else(|| self.nobody_knows());
        let params = json!({
            "username": user.username,
            "password": password.expose(),
            "name": full_name(user),
            "email": user.email,
            "role": word(role),
        });
        match self.rpc.call("createUser", params).await? {
            Value::Bool(false) => Err(self.why_not(&user.username).await?),
            answer => number(&answer).ok_or_else(|| unexpected("createUser answers no id")),
        }
    }

    /// Disables somebody who was just created, and then gives them their role.
    async fn finish(&self, id: i64, role: Role) -> Result<User, Fault> {
        self.switch(id, false).await?;
        let off = UserPatch { active: Some(false), ..UserPatch::default() };
        let made = self.changed(id, &off).await?;
        if role == Role::User {
            return Ok(made);
        }
        let params = json!({"id": id, "role": word(role)});
        if self.rpc.call("updateUser", params).await? != json!(true) {
            return Err(unexpected("updateUser does not answer true"));
        }
        self.changed(id, &UserPatch { role: Some(role), ..off }).await
    }

    /// Removes somebody whose creation was not finished. Answers why it was not, or that the
    /// account is left.
    async fn undo(&self, id: i64, why: Fault) -> Fault {
        // Whether it was done is read below.
        drop(self.rpc.call("removeUser", json!([id])).await);
        match self.numbered(id).await {
            Err(fault) if fault.is_absence_of(Subject::User) => own_trouble(why),
            _ => match self.switch(id, false).await {
                Ok(()) => unexpected("a creation failed half-way; the account is left disabled"),
                Err(_) => unexpected("a creation failed half-way; the account is left"),
            },
        }
    }
}

/// A failure half-way is none of the caller's, whatever the server calls it.
fn own_trouble(fault: Fault) -> Fault {
    if fault.kind.is_callers() {
        return Fault::new(FaultKind::Unexpected, "a creation failed half-way").because(fault);
    }
    fault
}

/// The full name, or none: Kanboard keeps null and empty text apart.
fn full_name(user: &NewUser) -> Option<String> {
    if user.display_name.is_some() || (user.given_name.is_none() && user.family_name.is_none()) {
        return user.display_name.clone();
    }
    let two = [&user.given_name, &user.family_name].map(|name| name.as_deref().unwrap_or(""));
    Some(two.join(" ").trim().to_owned())
}
