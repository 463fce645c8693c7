//! A user as the API shows one.

use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::options::version::{Differences, Flag, Lists};
use crate::roles::memberships;
use crate::wire::attributes::{INITIAL_LOGIN, THEME};

/// The caller's own record.
pub(crate) fn own(user: &User, namespace: &IdNamespace, differences: &Differences) -> Value {
    person(user, namespace, differences.own, differences.disabled)
}

/// Another user's record.
pub(crate) fn other(user: &User, namespace: &IdNamespace, differences: &Differences) -> Value {
    person(user, namespace, differences.other, differences.disabled)
}

/// The members of another user's record.
pub(crate) fn members_of_other(
    user: &User,
    namespace: &IdNamespace,
    differences: &Differences,
) -> impl Iterator<Item = (&'static str, Value)> {
    members(user, namespace, differences.other, differences.disabled)
}

fn person(
    user: &User,
    namespace: &IdNamespace,
    last: &'static [&'static str],
    flag: Flag,
) -> Value {
    members(user, namespace, last, flag).collect()
}

/// The members of a user. Every value is a string, except a flag that is a boolean.
fn members(
    user: &User,
    namespace: &IdNamespace,
    last: &'static [&'static str],
    flag: Flag,
) -> impl Iterator<Item = (&'static str, Value)> {
    let first = [
        ("id", json!(user.native(namespace).unwrap_or("0"))),
        ("fullname", json!(full_name(user, namespace))),
        ("username", json!(user.username)),
        ("group_id", json!(memberships::group_of(user).to_string())),
        ("created", json!(day(user.created))),
    ];
    let member = move |name: &&'static str| {
        let value = match *name {
            "theme" => json!(theme(user)),
            "initial_login" => json!(initial_login(user, namespace).to_string()),
            _ => disabled(user, flag),
        };
        (*name, value)
    };
    first.into_iter().chain(last.iter().map(member))
}

fn disabled(user: &User, flag: Flag) -> Value {
    match flag {
        Flag::Text => json!(if user.active { "0" } else { "1" }),
        Flag::Boolean => json!(!user.active),
    }
}

/// Users as a list.
pub(crate) fn list(people: Vec<Value>, differences: &Differences) -> Value {
    match differences.lists {
        Lists::List => people.into(),
        Lists::Object => {
            people.into_iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()
        }
    }
}

/// The full name. The server requires one: user 1 is installed as `Administrator`, and for others
/// it is made from the user name (`fixtures/transcripts/dandelion/permissions-guest.json`).
pub(crate) fn full_name(user: &User, namespace: &IdNamespace) -> String {
    user.full_name().unwrap_or_else(|| match user.native(namespace) {
        Some("1") => "Administrator".to_owned(),
        Some(_) | None => name_from(&user.username),
    })
}

/// A full name made from a user name: `boot_guest` gives `Boot Guest`.
fn name_from(username: &str) -> String {
    let parts = username.split(['_', '.', '-']).filter(|part| !part.is_empty());
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    parts.map(capital).collect::<Vec<String>>().join(" ")
}

/// The theme; empty is the default of the server.
pub(crate) fn theme(user: &User) -> &str {
    user.attribute(THEME).and_then(Value::as_str).unwrap_or_default()
}

/// What the server asks a user at the next login. User 1 is installed with a password that must be
/// changed.
pub(crate) fn initial_login(user: &User, namespace: &IdNamespace) -> i64 {
    match user.attribute(INITIAL_LOGIN) {
        Some(Value::Number(stored)) => stored.as_i64().unwrap_or_default(),
        Some(Value::String(stored)) => stored.parse().unwrap_or_default(),
        Some(Value::Bool(stored)) => i64::from(*stored),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => {
            i64::from(user.native(namespace) == Some("1"))
        }
    }
}

/// The day of a time, as `created` has it.
fn day(time: Timestamp) -> String {
    Offset::UTC.to_datetime(time).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_is_made_from_the_user_name() {
        let names = ["boot_guest", "a.b-c", "é", "_"].map(name_from);
        assert_eq!(names, ["Boot Guest", "A B C", "É", ""]);
    }
}
