//! People as Dandelion's API shows them, of 6.1 and of older servers.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{GroupId, Membership};
use isogloss_canonical::permission::Grants;
use isogloss_canonical::realm::Realm;
use isogloss_canonical::user::{Attributes, Evidence, Role, User};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::backend::api::unexpected;
use crate::rights::{ADMINISTRATORS, GUESTS};
use crate::wire::{INITIAL_LOGIN, REALM, THEME};

/// An integer, or text that is one: 6.1 shows every value as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// Everybody in a list, or in an object whose members are numbered, as the manual of 6.0 prints it.
pub(super) fn people(data: &Value, realm: &Realm) -> Result<Vec<User>, Fault> {
    match data {
        Value::Array(rows) => rows.iter().map(|row| person(row, realm)).collect(),
        Value::Object(rows)
            if rows.keys().enumerate().all(|(at, name)| *name == at.to_string()) =>
        {
            rows.values().map(|row| person(row, realm)).collect()
        }
        _ => Err(unexpected("it answers no list of people")),
    }
}

/// One person: as such, or as the only one of a list
/// (`fixtures/transcripts/dandelion/getuser.json`).
pub(super) fn only(data: &Value, realm: &Realm) -> Result<User, Fault> {
    if data.get("username").is_some() {
        return person(data, realm);
    }
    let mut listed = people(data, realm)?;
    match (listed.pop(), listed.is_empty()) {
        (Some(user), true) => Ok(user),
        _ => Err(unexpected("it answers not just one person")),
    }
}

fn person(row: &Value, realm: &Realm) -> Result<User, Fault> {
    let Value::Object(row) = row else { return Err(unexpected("a person that is no object")) };
    let id = row.get("id").and_then(number).filter(|id| *id > 0);
    let id = id.ok_or_else(|| unexpected("a person without id"))?;
    let group = row.get("group_id").and_then(number);
    let group = group.ok_or_else(|| unexpected("a person without group"))?;
    let username = text(row, "username").ok_or_else(|| unexpected("a person without username"))?;
    let created = text(row, "created").filter(|text| day(text).is_some());
    let made = created.as_deref().and_then(day);
    Ok(User {
        ids: [(realm.clone(), id.to_string())].into(),
        display_name: text(row, "fullname"),
        // Any other group, whatever its rights, is the least privilege.
        role: if group.to_string() == ADMINISTRATORS { Role::Administrator } else { Role::User },
        active: !disabled(row)?,
        groups: guests(group),
        attributes: attributes(row),
        created: made.unwrap_or(Timestamp::UNIX_EPOCH),
        // Only the day: the rest of the row is what anybody may have.
        evidence: Evidence { secret: None, created },
        ..User::seen(username)
    })
}

/// The membership that is shown: of guests. Administrators have their role, and groups of the
/// server's own mean nothing here: the gateway may have another of the same id.
fn guests(group: i64) -> Vec<Membership> {
    if group.to_string() != GUESTS {
        return Vec::new();
    }
    vec![Membership {
        group: GroupId(Uuid::nil()),
        realm: Some(REALM),
        ids: [(REALM, GUESTS.to_owned())].into(),
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
