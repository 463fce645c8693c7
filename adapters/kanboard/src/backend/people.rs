//! People, as Kanboard's user procedures have them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::command::Verb;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Evidence, NewUser, Role, User, UserPatch, UserRef};
use serde_json::{Map, Value, json};

use crate::backend::rpc::unexpected;
use crate::backend::{KanboardBackend, unsupported};
use crate::wire::NO_HASH;

/// Kanboard's words for the roles, both ways.
const ROLES: [(Role, &str); 3] =
    [(Role::Administrator, "app-admin"), (Role::Manager, "app-manager"), (Role::User, "app-user")];

impl KanboardBackend {
    pub(super) async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        let password = user.password.clone().unwrap_or_else(|| self.nobody_knows());
        let params = json!({
            "username": user.username,
            "password": password.expose(),
            "name": full_name(&user),
            "email": user.email,
            "role": word(user.role),
        });
        let id = match self.rpc.call("createUser", params).await? {
            Value::Bool(false) => return Err(self.why_not(&user.username).await?),
            answer => number(&answer).ok_or_else(|| unexpected("createUser answers no id"))?,
        };
        if user.inactive {
            self.rpc.call("disableUser", json!([id])).await?;
        }
        Ok(Outcome::User(Box::new(self.by_id(&id.to_string()).await?)))
    }

    /// `false` gives no reason; a name that is there is one.
    async fn why_not(&self, username: &str) -> Result<Fault, Fault> {
        match self.get(&UserRef::Name(username.to_owned())).await {
            Ok(_) => Ok(Fault::conflict(Subject::Username)),
            Err(fault) if fault.is_absence_of(Subject::User) => {
                Ok(Fault::new(FaultKind::Invalid, "createUser answers false"))
            }
            Err(fault) => Err(fault),
        }
    }

    /// A password for somebody who is created without one.
    fn nobody_knows(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode((self.service.random)()))
    }

    pub(super) async fn create_from_directory(&self, name: &str) -> Result<Outcome, Fault> {
        match self.rpc.call("createLdapUser", json!([name])).await? {
            Value::Bool(false) => match self.why_not(name).await? {
                fault if fault.kind == FaultKind::Conflict => Err(fault),
                _ => Err(Fault::not_found(Subject::User)),
            },
            answer => {
                let id = number(&answer).ok_or_else(|| unexpected("no id"))?;
                Ok(Outcome::User(Box::new(self.by_id(&id.to_string()).await?)))
            }
        }
    }

    pub(super) async fn get(&self, user: &UserRef) -> Result<User, Fault> {
        match user {
            UserRef::Native(realm, id) if *realm == self.service.realm => self.by_id(id).await,
            UserRef::Name(name) => {
                self.person(self.rpc.call("getUserByName", json!([name])).await?)
            }
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                Err(unsupported(Verb::GetUser))
            }
        }
    }

    async fn by_id(&self, id: &str) -> Result<User, Fault> {
        // Only an integer: Kanboard itself would take "1e0" or true for 1.
        let id: i64 = id.parse().map_err(|_| Fault::not_found(Subject::User))?;
        self.person(self.rpc.call("getUser", json!([id])).await?)
    }

    fn person(&self, answer: Value) -> Result<User, Fault> {
        match answer {
            Value::Object(row) => self.read(&row),
            Value::Null => Err(Fault::not_found(Subject::User)),
            _ => Err(unexpected("neither a user nor null")),
        }
    }

    pub(super) async fn list(&self) -> Result<Outcome, Fault> {
        let Value::Array(rows) = self.rpc.call("getAllUsers", json!([])).await? else {
            return Err(unexpected("getAllUsers answers no list"));
        };
        let row = |row: &Value| match row {
            Value::Object(row) => self.read(row),
            _ => Err(unexpected("a user that is no object")),
        };
        Ok(Outcome::Users(rows.iter().map(row).collect::<Result<_, _>>()?))
    }

    /// A row of the users table, of a new server or an old one.
    pub(super) fn read(&self, row: &Map<String, Value>) -> Result<User, Fault> {
        let id = row.get("id").and_then(number).ok_or_else(|| unexpected("a user without id"))?;
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let username = text("username").ok_or_else(|| unexpected("a user without username"))?;
        let active = row.get("is_active").is_none_or(truthy);
        let directory = row.get("is_ldap_user").is_some_and(truthy);
        let role = text("role");
        Ok(User {
            ids: [(self.service.realm.clone(), id.to_string())].into(),
            display_name: text("name"),
            email: text("email"),
            role: role.as_deref().map_or(Role::User, role_of),
            active,
            has_password: !directory,
            source: directory.then(|| "ldap".to_owned()),
            evidence: Evidence { secret: hash(row), created: None },
            ..User::seen(username)
        })
    }

    pub(super) async fn update(&self, user: &UserRef, patch: UserPatch) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        let id = self.id_of(&known)?;
        let mut params = Map::new();
        params.insert("id".to_owned(), json!(id));
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                params.insert(name.to_owned(), value);
            }
        };
        let named = named(&known, &patch);
        say("username", patch.username.clone().map(Value::String));
        say("name", named.map(Value::String));
        say("email", patch.email.clone().map(|email| Value::String(email.unwrap_or_default())));
        say("role", patch.role.map(|role| json!(word(role))));
        if params.len() > 1 && self.rpc.call("updateUser", params.into()).await? != json!(true) {
            return Err(self.why_not_changed(&known, &patch).await?);
        }
        if let Some(active) = patch.active {
            self.set_active(user, active).await?;
        }
        Ok(Outcome::User(Box::new(self.by_id(&id.to_string()).await?)))
    }

    async fn why_not_changed(&self, known: &User, patch: &UserPatch) -> Result<Fault, Fault> {
        match &patch.username {
            Some(name) if *name != known.username => self.why_not(name).await,
            _ => Ok(Fault::new(FaultKind::Invalid, "updateUser answers false")),
        }
    }

    pub(super) async fn set_active(&self, user: &UserRef, on: bool) -> Result<Outcome, Fault> {
        // Kanboard answers true for people who are not there.
        let id = self.id_of(&self.get(user).await?)?;
        let method = if on { "enableUser" } else { "disableUser" };
        match self.rpc.call(method, json!([id])).await? {
            Value::Bool(true) => Ok(Outcome::Done),
            _ => Err(unexpected("it does not answer true")),
        }
    }

    pub(super) async fn delete(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        match self.rpc.call("removeUser", json!([self.id_of(&known)?])).await? {
            Value::Bool(true) => Ok(Outcome::User(Box::new(known))),
            Value::Bool(false) => Err(Fault::not_found(Subject::User)),
            _ => Err(unexpected("removeUser answers no boolean")),
        }
    }

    pub(super) async fn verify(&self, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
        let username = match user {
            UserRef::Name(name) => name.clone(),
            other => self.get(other).await?.username,
        };
        Ok(Outcome::Verified(self.rpc.takes(&username, secret).await?))
    }

    /// The application's own token, if it is one; people's tokens go with their names.
    pub(super) async fn find_key(&self, value: &Secret) -> Result<Outcome, Fault> {
        if !self.rpc.is_application(value).await? {
            return Err(Fault::not_found(Subject::Key));
        }
        let key = Key::vouched(self.service.realm.clone(), None);
        Ok(Outcome::KeyFound(Box::new(key), None))
    }

    /// Kanboard's id of a person who was read from it.
    pub(super) fn id_of(&self, user: &User) -> Result<i64, Fault> {
        let id = user.native(&self.service.realm).and_then(|id| id.parse().ok());
        id.ok_or_else(|| unexpected("a user without id"))
    }
}

/// The password hash, which a renaming keeps. Its salt makes it this person's only. People of a
/// directory have none, and what the gateway's own dialect shows instead of one is everybody's.
fn hash(row: &Map<String, Value>) -> Option<Secret> {
    let hash = row.get("password").and_then(Value::as_str)?;
    (hash.starts_with('$') && hash != NO_HASH).then(|| Secret::new(hash))
}

/// The full name, or none: Kanboard keeps null and empty text apart.
fn full_name(user: &NewUser) -> Option<String> {
    if user.display_name.is_some() || (user.given_name.is_none() && user.family_name.is_none()) {
        return user.display_name.clone();
    }
    let two = [&user.given_name, &user.family_name].map(|name| name.as_deref().unwrap_or(""));
    Some(two.join(" ").trim().to_owned())
}

/// The new full name, if the change has one: whole, or joined from two of which one may stay.
fn named(known: &User, patch: &UserPatch) -> Option<String> {
    if let Some(name) = &patch.display_name {
        return Some(name.clone().unwrap_or_default());
    }
    if patch.given_name.is_none() && patch.family_name.is_none() {
        return None;
    }
    let (given, family) = known.names();
    let given = patch.given_name.clone().map_or(given, Option::unwrap_or_default);
    let family = patch.family_name.clone().map_or(family, Option::unwrap_or_default);
    Some(format!("{given} {family}").trim().to_owned())
}

fn word(role: Role) -> &'static str {
    ROLES.iter().find(|(own, _)| *own == role).map_or("app-user", |(_, word)| word)
}

/// A role that Kanboard may have and we do not know is the least privilege.
fn role_of(word: &str) -> Role {
    ROLES.iter().find(|(_, own)| *own == word).map_or(Role::User, |(role, _)| *role)
}

/// An integer, or text that is one (servers before PHP 8.1).
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// 1, "1" or true.
pub(super) fn truthy(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| number(value) == Some(1))
}
