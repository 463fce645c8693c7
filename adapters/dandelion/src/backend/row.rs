//! A user as the API of 6.1 and of older servers shows one, read into the canonical form.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::membership::Membership;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::{Attributes, Evidence, User};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::backend::fault::unexpected;
use crate::ids::{Gid, NAMESPACE, Uid};
use crate::roles::memberships::role_of;
use crate::wire::attributes::{INITIAL_LOGIN, THEME};

/// Reads an integer, or a string that is one: 6.1 shows every value as a string.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A user of the server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The id.
    pub(super) id: Uid,
    /// The group. It may be one that only the server knows.
    pub(super) group: Gid,
    /// The user in the canonical form.
    pub(super) user: User,
}

/// The users of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// The users that could be read.
    pub(super) read: Vec<Row>,
    /// For each row that could not be read, its id and the reason.
    pub(super) unread: Vec<String>,
}

impl Rows {
    /// Reads a list, or an object with the members `"0"`, `"1"`... as the manual of 6.0 prints it.
    pub(super) fn of(data: &Value, namespace: &IdNamespace) -> Result<Self, Fault> {
        let items: Vec<&Value> = match data {
            Value::Array(items) => items.iter().collect(),
            Value::Object(items)
                if items.keys().enumerate().all(|(at, name)| *name == at.to_string()) =>
            {
                items.values().collect()
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => return Err(unexpected("the server answers no list of users")),
        };
        let mut rows = Self::default();
        for item in items {
            match Row::of(item, namespace) {
                Ok(row) => rows.read.push(row),
                Err(fault) => {
                    let id = item.get("id").and_then(number);
                    rows.unread.push(format!("user {id:?}: {}", fault.detail));
                }
            }
        }
        Ok(rows)
    }
}

impl Row {
    /// Reads one user: the user itself, or a list of one
    /// (`fixtures/transcripts/dandelion/getuser.json`).
    pub(super) fn only(data: &Value, namespace: &IdNamespace) -> Result<Self, Fault> {
        if data.get("username").is_some() {
            return Self::of(data, namespace);
        }
        let mut rows = Rows::of(data, namespace)?;
        match (rows.read.pop(), rows.read.is_empty() && rows.unread.is_empty()) {
            (Some(row), true) => Ok(row),
            (Some(_) | None, _) => Err(unexpected("the server does not answer exactly one user")),
        }
    }

    fn of(data: &Value, namespace: &IdNamespace) -> Result<Self, Fault> {
        let Value::Object(row) = data else { return Err(unexpected("a user is no object")) };
        let number = |name: &str| row.get(name).and_then(number).and_then(|id| id.try_into().ok());
        let id = number("id").filter(|id| *id > 0).map(Uid);
        let id = id.ok_or_else(|| unexpected("a user has no id"))?;
        let group = number("group_id").map(Gid);
        let group = group.ok_or_else(|| unexpected("a user has no group"))?;
        let username = text(row, "username").ok_or_else(|| unexpected("a user has no username"))?;
        let created = text(row, "created").filter(|text| day(text).is_some());
        let user = User {
            ids: [(namespace.clone(), id.to_string())].into(),
            display_name: text(row, "fullname"),
            role: role_of(group),
            active: !disabled(row)?,
            groups: memberships(group),
            attributes: attributes(row),
            created: created.as_deref().and_then(day).unwrap_or(Timestamp::UNIX_EPOCH),
            // Only the day proves who this is: another user can have the same values in every
            // other column.
            evidence: Evidence { created, ..Evidence::default() },
            ..User::seen(username)
        };
        Ok(Self { id, group, user })
    }
}

/// The membership that is reported: the one in a group other than that of ordinary users and that of
/// administrators. Those have their role instead. A row shows neither the name nor the rights of a
/// group. The id stands for the name.
fn memberships(group: Gid) -> Vec<Membership> {
    if matches!(group, Gid::ORDINARY | Gid::ADMINISTRATORS) {
        return Vec::new();
    }
    vec![Membership {
        group: group.derived(),
        namespace: Some(NAMESPACE),
        ids: [(NAMESPACE, group.to_string())].into(),
        name: if group == Gid::GUESTS { "guest".to_owned() } else { group.to_string() },
        grants: Grants::none(),
        confers: None,
    }]
}

/// Whether a user is disabled. 6.0 has no such member.
fn disabled(row: &Map<String, Value>) -> Result<bool, Fault> {
    match row.get("disabled") {
        None => Ok(false),
        Some(Value::Bool(disabled)) => Ok(*disabled),
        Some(value) => match number(value) {
            Some(disabled) => Ok(disabled != 0),
            None => Err(unexpected("a user is neither enabled nor disabled")),
        },
    }
}

fn attributes(row: &Map<String, Value>) -> Attributes {
    let theme = text(row, "theme").map(|theme| (THEME.to_owned(), Value::String(theme)));
    let prompt = row.get("initial_login").and_then(number);
    theme.into_iter().chain(prompt.map(|on| (INITIAL_LOGIN.to_owned(), json!(on)))).collect()
}

fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    match row.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn day(text: &str) -> Option<Timestamp> {
    let day: Date = text.get(..10)?.parse().ok()?;
    day.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}
