//! A user as the API shows one.

use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::options::Version;
use crate::roles::memberships;
use crate::wire::attributes::{INITIAL_LOGIN, THEME};

/// The order and the types of a user's members. They differ from call to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The caller in 6.1: `theme` comes before `initial_login`
    /// (`fixtures/transcripts/dandelion/getuser.json`).
    Own,
    /// Any other user in 6.1: `initial_login` comes before `theme`.
    Other,
    /// Any user in the manual of 6.0: as [`Shape::Own`], but `disabled` is a boolean.
    V6_0,
}

impl Shape {
    /// The shape of the caller's own record.
    pub(crate) const fn own(version: Version) -> Self {
        match version {
            Version::V6_1 => Self::Own,
            Version::V6_0 => Self::V6_0,
        }
    }

    /// The shape of any other record.
    pub(crate) const fn other(version: Version) -> Self {
        match version {
            Version::V6_1 => Self::Other,
            Version::V6_0 => Self::V6_0,
        }
    }
}

/// A user. Every value is a string.
pub(crate) fn person(user: &User, namespace: &IdNamespace, shape: Shape) -> Value {
    let mut members = vec![
        ("id", json!(user.native(namespace).unwrap_or("0"))),
        ("fullname", json!(full_name(user, namespace))),
        ("username", json!(user.username)),
        ("group_id", json!(memberships::group_of(user).to_string())),
        ("created", json!(day(user.created))),
        ("theme", json!(theme(user))),
        ("initial_login", json!(initial_login(user, namespace).to_string())),
        ("disabled", json!(if user.active { "0" } else { "1" })),
    ];
    match shape {
        Shape::Own => {}
        Shape::Other => members.swap(5, 6),
        Shape::V6_0 => members[7].1 = json!(!user.active),
    }
    members.into_iter().collect()
}

/// Users as a list. The manual of 6.0 prints a list as an object with the members `"0"`, `"1"`...
pub(crate) fn list(people: Vec<Value>, version: Version) -> Value {
    match version {
        Version::V6_1 => people.into(),
        Version::V6_0 => {
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
    time.strftime("%Y-%m-%d").to_string()
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
