//! The users of an OctoPrint server as its API shows them: with groups and permissions, or, before
//! 1.4, with one switch.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, Evidence, RowKey, User};
use serde_json::{Map, Value};

use crate::backend::fault::unexpected;
use crate::backend::groups::memberships;
use crate::roles::groups::PERMISSION_KEYS;
use crate::roles::rights::GIVEN;
use crate::roles::role_of;
use crate::wire::SETTINGS;

/// A user.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// The user's API key, if they have one and the server shows it.
    pub(super) key: Option<Secret>,
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) groups: Vec<String>,
    pub(super) permissions: Vec<String>,
    pub(super) role: Role,
    /// Whether the server lets the user do everything, also through a group of its own.
    pub(super) everything: bool,
    /// Whether the server has groups.
    pub(super) has_groups: bool,
    /// The settings, as attributes.
    pub(super) settings: Attributes,
}

impl Row {
    /// Reads a user.
    pub(super) fn read(shape: &Value) -> Result<Self, Fault> {
        let Value::Object(shape) = shape else { return Err(unexpected("a user is no object")) };
        let name = shape.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| unexpected("a user without name"))?.to_owned();
        let active = shape.get("active").and_then(Value::as_bool);
        let active = active.ok_or_else(|| unexpected("a user without activity"))?;
        let groups = texts(shape, "groups")?;
        let permissions = texts(shape, "permissions")?;
        let has_groups = groups.is_some() || permissions.is_some();
        let (groups, permissions) = (groups.unwrap_or_default(), permissions.unwrap_or_default());
        let role = if has_groups {
            role_of(groups.iter().map(String::as_str), permissions.iter().map(String::as_str))
        } else {
            role_of_switch(shape)?
        };
        let key = shape.get("apikey").and_then(Value::as_str).filter(|key| !key.is_empty());
        let everything = shape.get("admin") == Some(&Value::Bool(true));
        let settings = settings(shape);
        let key = key.map(Secret::new);
        Ok(Self { key, name, active, groups, permissions, role, everything, has_groups, settings })
    }

    /// Reads a list of users. A row that cannot be read does not spoil the others.
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

    /// Reads one user of a list. The other rows need not be readable.
    pub(super) fn find(shape: &Value, name: &str) -> Result<Option<Self>, Fault> {
        let rows = rows(shape)?;
        match rows.iter().find(|row| row.get("name").and_then(Value::as_str) == Some(name)) {
            Some(row) => Self::read(row).map(Some),
            None if rows.iter().all(|row| row.get("name").is_some_and(is_name)) => Ok(None),
            // The row without a name may be the user who is searched.
            None => Err(unexpected("a user without name")),
        }
    }

    /// The user, without a canonical id.
    pub(super) fn user(self, namespace: &IdNamespace) -> User {
        let keys = self.key.iter().cloned();
        let keys = keys
            .map(|key| RowKey { namespace: namespace.clone(), label: None, value: Some(key) })
            .collect();
        let evidence = Evidence { secret: self.key, keys, ..Evidence::default() };
        let (mut groups, mut attributes) = (Vec::new(), self.settings);
        if self.has_groups {
            groups = memberships(namespace, &self.groups, self.everything);
            attributes.insert(PERMISSION_KEYS.to_owned(), Value::from(self.permissions));
            attributes.insert(GIVEN.to_owned(), Value::Bool(true));
        }
        let (role, active) = (self.role, self.active);
        User { role, active, evidence, groups, attributes, ..User::seen(self.name) }
    }
}

/// The settings of a user. 1.3.0 shows none to some callers.
fn settings(shape: &Map<String, Value>) -> Attributes {
    let settings = shape.get("settings").and_then(Value::as_object).into_iter().flatten();
    settings.map(|(key, value)| (format!("{SETTINGS}{key}"), value.clone())).collect()
}

/// Whether a name is known, though it may be nobody's whom a path can address. Before 1.4 a name can be
/// a number: `fixtures/transcripts/octoprint13/users-create-name-types.json`.
fn is_name(name: &Value) -> bool {
    matches!(name, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

/// The users of a list, and for each row that cannot be read why not.
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

/// A list of texts, if there is one.
fn texts(shape: &Map<String, Value>, field: &str) -> Result<Option<Vec<String>>, Fault> {
    let wrong = || unexpected("groups or permissions that are no list of texts");
    match shape.get(field) {
        None => Ok(None),
        Some(Value::Array(items)) => {
            let text = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(wrong);
            items.iter().map(text).collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}

/// The role of a user before 1.4.
fn role_of_switch(shape: &Map<String, Value>) -> Result<Role, Fault> {
    match shape.get("admin") {
        Some(Value::Bool(true)) => Ok(Role::Administrator),
        Some(Value::Bool(false)) => Ok(Role::User),
        _ => Err(unexpected("a user with neither groups nor switch")),
    }
}
