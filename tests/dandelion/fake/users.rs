//! The methods `users/*`.

use serde_json::{Value, json};

use crate::fake::call::{Error, Said};
use crate::fake::form::Form;
use crate::fake::{Fake, User, columns, take};

/// Stands for a text that is no UTF-8 any more: with it, no answer can be written.
pub(super) const BROKEN: &str = "\u{fffe}";

/// A stored text as an answer shows it.
pub(super) fn shown(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or(BROKEN)
}

/// The day of the creation of a new user.
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn is_true(text: &[u8]) -> bool {
    !text.is_empty() && text != b"0"
}

impl Fake {
    fn row(user: &User) -> Value {
        json!({
            "id": user.id.to_string(), "fullname": shown(&user.fullname),
            "username": shown(&user.username), "group_id": user.group.to_string(),
            "created": user.created, "initial_login": user.initial_login.to_string(),
            "theme": shown(&user.theme), "disabled": u8::from(user.disabled).to_string()
        })
    }

    /// The row of oneself, in the order of its members. A session without a user shows nulls.
    fn own_row(user: &User) -> Value {
        let names = [
            "id",
            "fullname",
            "username",
            "group_id",
            "created",
            "theme",
            "initial_login",
            "disabled",
        ];
        let row = if user.id == 0 { Value::Null } else { Self::row(user) };
        names.into_iter().map(|name| (name.to_owned(), row[name].clone())).collect()
    }

    pub(super) fn get_users(&mut self, me: &User, _: &Form) -> Said {
        self.need(me, "edituser")?;
        let mut users: Vec<_> = self.users.iter().collect();
        users.sort_by_key(|user| user.id);
        Ok(users.into_iter().map(Self::row).collect())
    }

    pub(super) fn get_user(&mut self, me: &User, form: &Form) -> Said {
        match form.int("uid").unwrap_or_default() {
            0 => Ok(json!([Self::own_row(me)])),
            id if id == me.id => Ok(json!([Self::own_row(me)])),
            id => {
                self.need(me, "edituser")?;
                Ok(self.user(id).map_or(Value::Null, Self::row))
            }
        }
    }

    pub(super) fn create_user(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "createuser")?;
        let id = take(&mut self.next_user);
        let username = columns::username(form.given("username"));
        let group = form.int("role").unwrap_or_default();
        let same = |user: &User| columns::folded(&user.username) == columns::folded(&username);
        if self.users.iter().any(same) || !self.groups.iter().any(|one| one.id == group) {
            return Err(Error::database());
        }
        self.users.push(User {
            id,
            username,
            password: columns::password(&form.given("password")),
            fullname: columns::text(form.given("fullname")),
            group,
            created: today(),
            initial_login: i64::from(form.truth("force_reset").unwrap_or(true)),
            ..User::default()
        });
        if form.truth("cheesto").unwrap_or(true) {
            self.create_status(id);
        }
        Ok(json!("User created successfully"))
    }

    /// Changes a user. An unknown one is inserted without a name, which the database refuses.
    fn change(&mut self, id: i64, change: impl FnOnce(&mut User)) -> Result<(), Error> {
        let user = self.users.iter_mut().find(|user| user.id == id);
        change(user.ok_or_else(Error::database)?);
        Ok(())
    }

    pub(super) fn edit_user(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "edituser")?;
        let id = form.int("uid").unwrap_or_default();
        if id == 0 {
            return Err(Error::general("No user id given"));
        }
        let number = |name: &str| form.int(name).filter(|value| *value != 0);
        let text = |name: &str| form.text(name).filter(|value| is_true(value));
        let group = number("role");
        let unknown = group.is_some_and(|id| !self.groups.iter().any(|one| one.id == id));
        if unknown {
            return Err(Error::database());
        }
        self.change(id, |user| {
            user.group = group.unwrap_or(user.group);
            if let Some(prompt) = number("prompt") {
                user.initial_login = prompt.clamp(-128, 127);
            }
            if let Some(name) = text("fullname") {
                user.fullname = columns::text(name);
            }
            if let Some(theme) = text("theme") {
                user.theme = columns::tiny(theme);
            }
        })?;
        Ok(json!("User saved successfully"))
    }

    pub(super) fn set_disabled(&mut self, me: &User, form: &Form, disabled: bool) -> Said {
        self.need(me, "edituser")?;
        let id = form.int("uid").unwrap_or_default();
        self.change(id, |user| user.disabled = disabled)?;
        Ok(json!(if disabled { "User disabled" } else { "User enabled" }))
    }

    pub(super) fn reset_password(&mut self, me: &User, form: &Form) -> Said {
        let id = form.int("uid").filter(|id| *id != 0).unwrap_or(me.id);
        if id != me.id {
            self.need(me, "edituser")?;
        }
        let password = form.given("pw");
        if !is_true(&password) {
            return Err(Error::general("New password is invalid"));
        }
        let prompt = form.truth("force_reset").unwrap_or(false);
        self.change(id, |user| {
            user.password = columns::password(&password);
            user.initial_login = i64::from(prompt);
        })?;
        Ok(json!("Password changed successfully"))
    }

    /// Deletes a user. Whether another administrator is left is asked with the ids of users, where
    /// those of their groups belong; if none is found, the answer is that of a success.
    pub(super) fn delete_user(&mut self, me: &User, form: &Form) -> Said {
        let id = form.int("uid").unwrap_or_default();
        if id == me.id {
            return Err(Error::general("Can't delete yourself"));
        }
        self.need(me, "deleteuser")?;
        let Some(user) = self.user(id) else {
            return Err(Error::general("Error deleting user"));
        };
        let others = self.users.iter().filter(|other| other.id != id);
        let mut by_id = others.map(|other| User { group: other.id, ..User::default() });
        if !self.has(user, "admin") || by_id.any(|other| self.has(&other, "admin")) {
            self.users.retain(|user| user.id != id);
            self.statuses.retain(|status| status.user != id);
        }
        Ok(json!("User deleted successfully"))
    }
}
