//! The methods about users.

use serde_json::{Map, Value, json};

use crate::fake::{Answer, Fake, User};

/// A value as Python writes it into a sentence.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

impl Fake {
    /// The user that an argument names: an id or an exact name.
    pub(super) fn find_user(&self, value: &Value) -> Result<User, Value> {
        let fits = |user: &&User| match value {
            Value::Number(id) => id.as_i64() == Some(user.id),
            Value::String(name) => *name == user.username,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        };
        let absent = || json!(format!("user `{}` does not exist", text(value)));
        self.users.iter().find(fits).cloned().ok_or_else(absent)
    }

    pub(super) fn get_user(&self, caller: &User, args: &Map<String, Value>) -> Answer {
        let user = match args.get("userid") {
            None => caller.clone(),
            Some(id) if caller.admin || id.as_i64() == Some(caller.id) => self.find_user(id)?,
            Some(_) => return Err(json!("userid is not the same as your user")),
        };
        let permissions = self.permissions(&user);
        let mut row = Self::row(&user, true);
        row.insert("permissions".to_owned(), permissions.clone());
        row.insert("permissions_summary".to_owned(), permissions);
        Ok(row.into())
    }

    pub(super) fn all_users(&self) -> Value {
        let mut people: Vec<_> = self.users.iter().filter(|user| user.id != 1).collect();
        people.sort_by(|one, other| one.username.cmp(&other.username));
        people.into_iter().map(|user| Value::from(Self::row(user, true))).collect()
    }

    pub(super) fn create_user(&mut self, args: &Map<String, Value>) -> Answer {
        let name = args["username"].as_str().unwrap_or_default().to_owned();
        let email = args["email"].as_str().unwrap_or_default().to_lowercase();
        if self.users.iter().any(|user| user.username == name) {
            return Err(json!(format!("user `{name}` already exist")));
        }
        let has = |user: &User| user.columns.get("email").and_then(Value::as_str) == Some(&email);
        if self.users.iter().any(|user| !email.is_empty() && has(user)) {
            return Err(json!(format!("email `{}` already exist", text(&args["email"]))));
        }
        // A name in another case is taken for its present user, who is overwritten.
        let same = |user: &User| user.username.to_lowercase() == name.to_lowercase();
        let at = self.users.iter().position(same);
        let mut user = if let Some(at) = at {
            self.users.remove(at)
        } else {
            let id = self.next_id();
            let token = format!("{id:040x}");
            User { id, tokens: vec![(token, "feed".to_owned())], ..User::default() }
        };
        user.username.clone_from(&name);
        user.active = args.get("active") != Some(&Value::Bool(false));
        user.admin = args.get("admin") == Some(&Value::Bool(true));
        user.password = args.get("password").and_then(Value::as_str).map(str::to_owned);
        user.columns = Map::new();
        user.columns.insert("email".to_owned(), email.into());
        for column in ["firstname", "lastname", "description", "extern_type", "extern_name"] {
            let given = args.get(column).cloned();
            user.columns.extend(given.map(|value| (column.to_owned(), value)));
        }
        let row = Self::row(&user, true);
        self.users.push(user);
        Ok(json!({"msg": format!("created new user `{name}`"), "user": row}))
    }

    pub(super) fn update_user(&mut self, args: &Map<String, Value>) -> Answer {
        let found = self.find_user(&args["userid"])?;
        if found.id == 1 {
            return Err(json!("editing default user is forbidden"));
        }
        let name = args.get("username").and_then(Value::as_str);
        let email = args.get("email").and_then(Value::as_str).map(str::to_lowercase);
        let others = || self.users.iter().filter(|user| user.id != found.id);
        let taken = others().any(|user| Some(user.username.as_str()) == name);
        let shown =
            |user: &User| user.columns.get("email").and_then(Value::as_str).map(str::to_owned);
        if taken || email.is_some() && others().any(|user| shown(user) == email) {
            return Err(json!(format!("failed to update user `{}`", text(&args["userid"]))));
        }
        let user = self.users.iter_mut().find(|user| user.id == found.id).unwrap();
        user.username = name.map_or_else(|| user.username.clone(), str::to_owned);
        user.active = args.get("active").and_then(Value::as_bool).unwrap_or(user.active);
        user.admin = args.get("admin").and_then(Value::as_bool).unwrap_or(user.admin);
        if let Some(password) = args.get("password").and_then(Value::as_str) {
            user.password = Some(password.to_owned());
        }
        for column in ["firstname", "lastname", "description", "extern_type", "extern_name"] {
            let given = args.get(column).filter(|value| column != "firstname" || **value != "");
            user.columns.extend(given.map(|value| (column.to_owned(), value.clone())));
        }
        user.columns.extend(email.map(|email| ("email".to_owned(), email.into())));
        let user = user.clone();
        let sentence = format!("updated user ID:{} {}", user.id, user.username);
        Ok(json!({"msg": sentence, "user": Self::row(&user, true)}))
    }

    pub(super) fn delete_user(&mut self, args: &Map<String, Value>) -> Answer {
        let user = self.find_user(&args["userid"])?;
        let who = format!("user ID:{} {}", user.id, user.username);
        if user.id == 1 || self.groups.iter().any(|group| group.owner == user.id) {
            return Err(json!(format!("failed to delete {who}")));
        }
        self.users.retain(|one| one.id != user.id);
        for group in &mut self.groups {
            group.members.retain(|id| *id != user.id);
            group.rights.retain(|(id, _)| *id != user.id);
        }
        self.sessions.retain(|_, id| *id != user.id);
        Ok(json!({"msg": format!("deleted {who}"), "user": null}))
    }
}
