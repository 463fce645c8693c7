//! People as Dandelion's API shows them, of 6.1 and of older servers.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{GroupId, Membership};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::{Attributes, Evidence, Role, User};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::backend::api::unexpected;
use crate::ids::{Gid, Uid};
use crate::wire::{INITIAL_LOGIN, NAMESPACE, THEME};

/// An integer, or text that is one: 6.1 shows every value as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A person as the server has them: its ids, and who it is to the gateway.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Person {
    pub(super) id: Uid,
    /// The group, which may be one that means nothing here.
    pub(super) group: Gid,
    pub(super) user: User,
}

/// The people of a list, and why each row that cannot be read cannot.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    pub(super) people: Vec<Person>,
    pub(super) unread: Vec<String>,
}

/// Everybody in a list, or in an object whose members are numbered, as the manual of 6.0 prints it.
pub(super) fn people(data: &Value, namespace: &IdNamespace) -> Result<Listed, Fault> {
    let rows: Vec<&Value> = match data {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(rows)
            if rows.keys().enumerate().all(|(at, name)| *name == at.to_string()) =>
        {
            rows.values().collect()
        }
        _ => return Err(unexpected("it answers no list of people")),
    };
    let mut listed = Listed::default();
    for row in rows {
        match person(row, namespace) {
            Ok(person) => listed.people.push(person),
            Err(fault) => {
                let id = row.get("id").and_then(number);
                listed.unread.push(format!("user {id:?}: {}", fault.detail));
            }
        }
    }
    Ok(listed)
}

/// One person: as such, or as the only one of a list
/// (`fixtures/transcripts/dandelion/getuser.json`).
pub(super) fn only(data: &Value, namespace: &IdNamespace) -> Result<Person, Fault> {
    if data.get("username").is_some() {
        return person(data, namespace);
    }
    let mut listed = people(data, namespace)?;
    match (listed.people.pop(), listed.people.is_empty() && listed.unread.is_empty()) {
        (Some(person), true) => Ok(person),
        _ => Err(unexpected("it answers not just one person")),
    }
}

fn person(row: &Value, namespace: &IdNamespace) -> Result<Person, Fault> {
    let Value::Object(row) = row else { return Err(unexpected("a person that is no object")) };
    let number = |name: &str| row.get(name).and_then(number).and_then(|id| id.try_into().ok());
    let id = number("id").filter(|id| *id > 0).map(Uid);
    let id = id.ok_or_else(|| unexpected("a person without id"))?;
    let group = number("group_id").map(Gid);
    let group = group.ok_or_else(|| unexpected("a person without group"))?;
    let username = text(row, "username").ok_or_else(|| unexpected("a person without username"))?;
    let created = text(row, "created").filter(|text| day(text).is_some());
    let made = created.as_deref().and_then(day);
    let user = User {
        ids: [(namespace.clone(), id.to_string())].into(),
        display_name: text(row, "fullname"),
        // Any other group, whatever its rights, is the least privilege.
        role: if group == Gid::ADMINISTRATORS { Role::Administrator } else { Role::User },
        active: !disabled(row)?,
        groups: guests(group),
        attributes: attributes(row),
        created: made.unwrap_or(Timestamp::UNIX_EPOCH),
        // Only the day: the rest of the row is what anybody may have.
        evidence: Evidence { created, ..Evidence::default() },
        ..User::seen(username)
    };
    Ok(Person { id, group, user })
}

/// The membership that is shown: of guests. Administrators have their role, and groups of the
/// server's own mean nothing here: the gateway may have another of the same id.
fn guests(group: Gid) -> Vec<Membership> {
    if group != Gid::GUESTS {
        return Vec::new();
    }
    vec![Membership {
        group: GroupId(Uuid::nil()),
        namespace: Some(NAMESPACE),
        ids: [(NAMESPACE, group.to_string())].into(),
        name: "guest".to_owned(),
        grants: Grants::none(),
        confers: None,
    }]
}

/// Whether somebody may no longer act. 6.0 does not know of that.
fn disabled(row: &Map<String, Value>) -> Result<bool, Fault> {
    match row.get("disabled") {
        None => Ok(false),
        Some(Value::Bool(off)) => Ok(*off),
        Some(value) => match number(value) {
            Some(off) => Ok(off != 0),
            None => Err(unexpected("a person neither enabled nor disabled")),
        },
    }
}

fn attributes(row: &Map<String, Value>) -> Attributes {
    let theme = text(row, "theme").map(|theme| (THEME.to_owned(), Value::String(theme)));
    let prompt = row.get("initial_login").and_then(number);
    theme.into_iter().chain(prompt.map(|on| (INITIAL_LOGIN.to_owned(), json!(on)))).collect()
}

fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    match row.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

fn day(text: &str) -> Option<Timestamp> {
    let day: Date = text.get(..10)?.parse().ok()?;
    day.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}
