//! How somebody is created: in one call, which is proved to have made somebody new.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, User, UserPatch};
use serde_json::Value;

use crate::backend::api::{Arguments, only, unexpected};
use crate::backend::people::{is_seen, number};
use crate::backend::{RhodeCodeBackend, words};
use crate::wire::DEFAULT_USER;

impl RhodeCodeBackend {
    pub(super) async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        let highest = self.check_name(&user.username).await?;
        let args = words::of_new(self.version, &user, &self.nobody_knows());
        let given = user.email.as_ref().filter(|email| !email.is_empty());
        let defaults = &self.service.defaults;
        let email = given.cloned().unwrap_or_else(|| defaults.email_of(&user.username));
        let made = match self.create_with(args.clone(), email).await {
            // Names that differ may leave the same address: nobody asked for that one.
            Err(fault) if given.is_none() && is_taken(&fault, Subject::Email) => {
                let digits = self.nobody_knows();
                let mark = digits.expose().get(..8).unwrap_or_default();
                let other = defaults.email_of(&format!("{}-{mark}", user.username));
                self.create_with(args, other).await?
            }
            made => made?,
        };
        self.proved(&user, made, highest).await.map(|made| Outcome::User(Box::new(made)))
    }

    async fn create_with(&self, mut args: Arguments, email: String) -> Result<User, Fault> {
        args.insert("email".to_owned(), email.into());
        self.person(&self.api.about("create_user", args, "user").await?)
    }

    /// Refuses a name that somebody has, and answers the highest id that there is.
    ///
    /// The server takes a name that differs from another's in case only for that person, whom it
    /// overwrites, rights and all. No rights there would be ours to lose.
    async fn check_name(&self, username: &str) -> Result<i64, Fault> {
        if username.is_empty() {
            return Err(Fault::new(FaultKind::Invalid, "").about(Subject::Username));
        }
        let Value::Array(rows) = self.api.call("get_users", Arguments::new()).await? else {
            return Err(unexpected("no list of people"));
        };
        let wanted = username.to_lowercase();
        let mut taken = wanted == DEFAULT_USER;
        let mut highest = 0;
        // Of a row that cannot be read otherwise, id and name are enough.
        for row in &rows {
            let id = row.get("user_id").and_then(Value::as_i64);
            highest = highest.max(id.ok_or_else(|| unexpected("a person without id"))?);
            match row.get("username") {
                Some(Value::String(name)) => taken |= name.to_lowercase() == wanted,
                Some(Value::Null) => {}
                _ => return Err(unexpected("a person without name")),
            }
        }
        if taken { Err(Fault::conflict(Subject::Username)) } else { Ok(highest) }
    }

    /// Whoever was created just now, if it is somebody new who may do what was asked. Somebody new
    /// who may do more is deleted again.
    async fn proved(&self, user: &NewUser, made: User, highest: i64) -> Result<User, Fault> {
        let id = made.native(&self.service.namespace).and_then(number).unwrap_or_default();
        if made.username != user.username || id <= highest {
            return Err(unexpected("another person than was created"));
        }
        let asked = UserPatch {
            role: Some(user.role),
            active: Some(!user.inactive),
            ..UserPatch::default()
        };
        if is_seen(&made, &asked) {
            return Ok(made);
        }
        let undone = self.api.about("delete_user", only("userid", id), "user").await;
        Err(match undone {
            Ok(Value::Null) => unexpected("somebody was created otherwise than was asked"),
            _ => unexpected("a creation failed half-way; the account is left"),
        })
    }
}

fn is_taken(fault: &Fault, subject: Subject) -> bool {
    fault.kind == FaultKind::Conflict && fault.subject == Some(subject)
}
