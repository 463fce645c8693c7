//! People, as Kanboard's user procedures have them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::command::Verb;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Evidence, Role, User, UserPatch, UserRef};
use serde_json::{Map, Value, json};

use crate::backend::rpc::{APPLICATION, unexpected};
use crate::backend::{KanboardBackend, unsupported};
use crate::wire::NO_HASH;

/// Kanboard's words for the roles, both ways.
const ROLES: [(Role, &str); 3] =
    [(Role::Administrator, "app-admin"), (Role::Manager, "app-manager"), (Role::User, "app-user")];

impl KanboardBackend {
    /// `false` gives no reason; a name that is there is one.
    pub(super) async fn why_not(&self, username: &str) -> Result<Fault, Fault> {
        match self.named(username).await {
            Ok(_) => Ok(Fault::conflict(Subject::Username)),
            Err(fault) if fault.is_absence_of(Subject::User) => {
                Ok(Fault::new(FaultKind::Invalid, "createUser answers false"))
            }
            Err(fault) => Err(fault),
        }
    }

    /// A password for somebody who is created without one.
    pub(super) fn nobody_knows(&self) -> Secret {
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
                Ok(Outcome::User(Box::new(self.numbered(id).await?)))
            }
        }
    }

    pub(super) async fn get(&self, user: &UserRef) -> Result<User, Fault> {
        match user {
            UserRef::Native(namespace, id) if *namespace == self.service.namespace => {
                self.by_id(id).await
            }
            UserRef::Name(name) => match self.named(name).await? {
                found if found.username == *name => Ok(found),
                // MariaDB finds names in any case and with blanks behind.
                _ => Err(Fault::not_found(Subject::User)),
            },
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                Err(unsupported(Verb::GetUser))
            }
        }
    }

    /// Who has this name, as the server compares names.
    async fn named(&self, name: &str) -> Result<User, Fault> {
        self.person(self.rpc.call("getUserByName", json!([name])).await?)
    }

    async fn by_id(&self, id: &str) -> Result<User, Fault> {
        // Only an integer: Kanboard itself would take "1e0" or true for 1.
        self.numbered(id.parse().map_err(|_| Fault::not_found(Subject::User))?).await
    }

    /// The person of this number.
    pub(super) async fn numbered(&self, id: i64) -> Result<User, Fault> {
        let found = self.person(self.rpc.call("getUser", json!([id])).await?)?;
        if self.id_of(&found)? == id {
            Ok(found)
        } else {
            Err(unexpected("it shows somebody else"))
        }
    }

    /// Whose credential the gateway calls with: the application's token is nobody's.
    pub(super) async fn own(&self) -> Result<OwnAccount, Fault> {
        match self.service.username.as_deref() {
            None | Some(APPLICATION) => Ok(OwnAccount::Nobody),
            Some(_) => self.person(self.rpc.call("getMe", json!([])).await?).map(OwnAccount::of),
        }
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
        self.people(&rows)
    }

    /// Everybody in a list. A row that cannot be read is only its own person's.
    pub(super) fn people(&self, rows: &[Value]) -> Result<Outcome, Fault> {
        let (mut users, mut unread) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let read = row.as_object().ok_or_else(|| unexpected("a user that is no object"));
            match read.and_then(|row| self.read(row)) {
                Ok(user) => users.push(user),
                Err(fault) => {
                    let id = row.get("id").and_then(number);
                    unread.push(format!("user {id:?}: {}", fault.detail));
                }
            }
        }
        if users.is_empty() && !unread.is_empty() {
            return Err(unexpected("no user of a list can be read"));
        }
        Ok(Outcome::people(users, unread))
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
            ids: [(self.service.namespace.clone(), id.to_string())].into(),
            display_name: text("name"),
            email: text("email"),
            role: role.as_deref().map_or(Role::User, role_of),
            active,
            has_password: !directory,
            source: directory.then(|| "ldap".to_owned()),
            evidence: Evidence {
                secret: hash(row),
                password: hash(row).filter(|_| !directory),
                token: text("api_access_token").map(Secret::new),
                ..Evidence::default()
            },
            ..User::seen(username)
        })
    }

    /// Changes a person in several calls: what takes something away first, what gives last.
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
        if patch.active == Some(false) {
            self.switch(id, false).await?;
        }
        if params.len() > 1 && self.rpc.call("updateUser", params.into()).await? != json!(true) {
            return Err(self.why_not_changed(&known, &patch).await?);
        }
        if patch.active == Some(true) {
            self.switch(id, true).await?;
        }
        self.changed(id, &patch).await.map(|now| Outcome::User(Box::new(now)))
    }

    /// The person after a change, which is to be seen: Kanboard answers true to much.
    pub(super) async fn changed(&self, id: i64, patch: &UserPatch) -> Result<User, Fault> {
        let now = self.numbered(id).await?;
        let named = patch.username.as_deref().is_none_or(|name| is_named(&now, name));
        let ranked = patch.role.is_none_or(|role| role == now.role);
        if named && ranked && patch.active.is_none_or(|active| active == now.active) {
            return Ok(now);
        }
        Err(unexpected("a change is not to be seen"))
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
        self.switch(id, on).await?;
        let patch = UserPatch { active: Some(on), ..UserPatch::default() };
        self.changed(id, &patch).await.map(|now| Outcome::User(Box::new(now)))
    }

    pub(super) async fn switch(&self, id: i64, on: bool) -> Result<(), Fault> {
        let method = if on { "enableUser" } else { "disableUser" };
        match self.rpc.call(method, json!([id])).await? {
            Value::Bool(true) => Ok(()),
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
        let key = Key::vouched(self.service.namespace.clone(), None);
        Ok(Outcome::KeyFound(Box::new(key), None))
    }

    /// Kanboard's id of a person who was read from it.
    pub(super) fn id_of(&self, user: &User) -> Result<i64, Fault> {
        let id = user.native(&self.service.namespace).and_then(|id| id.parse().ok());
        id.ok_or_else(|| unexpected("a user without id"))
    }
}

/// The password hash, which a renaming keeps. Its salt makes it this person's only. People of a
/// directory have none, and what the gateway's own dialect shows instead of one is everybody's.
fn hash(row: &Map<String, Value>) -> Option<Secret> {
    let hash = row.get("password").and_then(Value::as_str)?;
    (hash.starts_with('$') && hash != NO_HASH).then(|| Secret::new(hash))
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

/// Whether this is the name that somebody was given: newer servers trim it.
pub(super) fn is_named(user: &User, given: &str) -> bool {
    const BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\u{b}'];
    user.username == given || user.username == given.trim_matches(BLANKS)
}

pub(super) fn word(role: Role) -> &'static str {
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
