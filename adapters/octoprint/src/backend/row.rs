//! People as an OctoPrint server shows them: newer ones by groups and permissions, older ones by
//! one switch.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Evidence, Role, User};
use serde_json::{Map, Value};

use crate::backend::api::unexpected;
use crate::rights::ADMINS;

/// The permission that is every other one.
pub(super) const ADMIN: &str = "ADMIN";

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The person's API key, if they have one and it is shown.
    pub(super) key: Option<Secret>,
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) groups: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) role: Role,
}

impl Row {
    /// Reads a person.
    pub(super) fn read(shape: &Value) -> Result<Self, Fault> {
        let Value::Object(shape) = shape else { return Err(unexpected("a user is no object")) };
        let name = shape.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| unexpected("a user without name"))?.to_owned();
        let active = shape.get("active").and_then(Value::as_bool);
        let active = active.ok_or_else(|| unexpected("a user who is neither active nor not"))?;
        let groups = texts(shape, "groups")?;
        let permissions = texts(shape, "permissions")?;
        let admin = match (&groups, &permissions) {
            // Before 1.4.
            (None, None) => switched_on(shape)?,
            (groups, permissions) => {
                let among = |list: &Option<Vec<String>>, word: &str| {
                    list.iter().flatten().any(|own| own == word)
                };
                among(groups, ADMINS) || among(permissions, ADMIN)
            }
        };
        let role = if admin { Role::Administrator } else { Role::User };
        let (groups, permissions) = (groups.unwrap_or_default(), permissions.unwrap_or_default());
        let key = shape.get("apikey").and_then(Value::as_str).filter(|key| !key.is_empty());
        Ok(Self { key: key.map(Secret::new), name, active, groups, permissions, role })
    }

    /// Reads everybody. A row that cannot be read is only its own person's.
    pub(super) fn read_all(shape: &Value) -> Result<Listed, Fault> {
        let mut listed = Listed::default();
        for row in rows(shape)? {
            match Self::read(row) {
                Ok(row) => listed.rows.push(row),
                Err(fault) => {
                    let name = row.get("name").and_then(Value::as_str);
                    listed.unread.push(format!("user {name:?}: {}", fault.detail));
                }
            }
        }
        if listed.rows.is_empty() && !listed.unread.is_empty() {
            return Err(unexpected("no user of a list can be read"));
        }
        Ok(listed)
    }

    /// Reads one of everybody; whatever is wrong with the others is theirs.
    pub(super) fn find(shape: &Value, name: &str) -> Result<Option<Self>, Fault> {
        let rows = rows(shape)?;
        match rows.iter().find(|row| row.get("name").and_then(Value::as_str) == Some(name)) {
            Some(row) => Self::read(row).map(Some),
            None if rows.iter().all(|row| row.get("name").is_some_and(Value::is_string)) => {
                Ok(None)
            }
            // It may be whoever is looked for.
            None => Err(unexpected("a user without name")),
        }
    }

    /// The person, without an id of the gateway's.
    pub(super) fn user(self) -> User {
        let evidence = Evidence { secret: self.key, ..Evidence::default() };
        User { role: self.role, active: self.active, evidence, ..User::seen(self.name) }
    }
}

/// The people of a list, and why each row that cannot be read cannot.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    pub(super) rows: Vec<Row>,
    pub(super) unread: Vec<String>,
}

fn rows(shape: &Value) -> Result<&[Value], Fault> {
    match shape.get("users") {
        Some(Value::Array(rows)) => Ok(rows),
        _ => Err(unexpected("no list of users")),
    }
}

/// A list of words, if it is there.
fn texts(shape: &Map<String, Value>, field: &str) -> Result<Option<Vec<String>>, Fault> {
    let garbled = || unexpected("groups or permissions that are no list of words");
    match shape.get(field) {
        None => Ok(None),
        Some(Value::Array(items)) => {
            let word = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(garbled);
            items.iter().map(word).collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(garbled()),
    }
}

fn switched_on(shape: &Map<String, Value>) -> Result<bool, Fault> {
    match shape.get("admin") {
        Some(Value::Bool(admin)) => Ok(*admin),
        _ => Err(unexpected("a user with neither groups nor switch")),
    }
}
