//! The shapes of Dandelion's answers: the envelope, people, the Cheesto board.

use std::borrow::Cow;

use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::php;
use crate::rights;

/// Dandelion's own space of ids.
pub(crate) const NAMESPACE: IdNamespace = IdNamespace::named("dandelion");

/// The prefix of what only Dandelion has a place for.
pub(crate) const PREFIX: &str = "dandelion.";
/// The attribute of a person's theme.
pub(crate) const THEME: &str = "dandelion.theme";
/// The attribute that says what a person is asked at the next login: 1 is for a new password.
pub(crate) const INITIAL_LOGIN: &str = "dandelion.initial_login";
/// The attribute of how many logs a person sees on a page.
pub(crate) const LOG_LIMIT: &str = "dandelion.logs_per_page";
/// The attribute that is `false` for a person without a Cheesto status.
pub(crate) const CHEESTO: &str = "dandelion.cheesto";
/// The attributes of a Cheesto status: what somebody is doing, a message, until when, since when.
pub(crate) const STATUS: [&str; 4] =
    ["dandelion.status", "dandelion.message", "dandelion.returntime", "dandelion.modified"];
/// A fresh Cheesto status. [`STATUS`] names its members; the last is a time.
const FRESH: [&str; 3] = ["Available", "", "00:00:00"];

/// The suggestions for a Cheesto status.
const STATUS_TEXTS: [&str; 10] = [
    "Available",
    "Away From Desk",
    "At Lunch",
    "Out for Day",
    "Out",
    "Appointment",
    "Do Not Disturb",
    "Meeting",
    "Out Sick",
    "Vacation",
];

/// The envelope of every answer of the API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope<'a> {
    /// What kind of error; 0 is none.
    pub(crate) code: u8,
    /// What happened, in words.
    pub(crate) status: Cow<'a, str>,
    /// Who says so.
    pub(crate) module: Option<&'a str>,
    /// What was asked for.
    pub(crate) data: Value,
}

impl Envelope<'_> {
    /// Writes it. What counts as nothing is never answered: the status stands in for it.
    pub(crate) fn encode(self, milliseconds: f64) -> String {
        let data = if php::is_true(&self.data) { self.data } else { json!(self.status) };
        php::json::encode(&json!({
            "errorcode": self.code,
            "status": self.status,
            "module": self.module,
            "data": data,
            "requestTime": spent(milliseconds),
        }))
    }
}

/// A time as PHP prints it, at most two places after the point: `12.3ms`, `0ms`.
pub(crate) fn spent(milliseconds: f64) -> String {
    let text = format!("{:.2}", milliseconds.max(0.0));
    format!("{}ms", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A day, as `created` has it.
fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A second, as MySQL writes it.
pub(crate) fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// How people are shown: the order of the members differs from call to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The caller: the theme comes before the prompt
    /// (`fixtures/transcripts/dandelion/getuser.json`).
    Own,
    /// Somebody else: the prompt comes before the theme.
    Other,
    /// As in the manual of 6.0: the theme comes first, and `disabled` is no text.
    Older,
}

/// A person. Every value is a text.
pub(crate) fn person(user: &User, namespace: &IdNamespace, shape: Shape) -> Value {
    let mut members = vec![
        ("id", json!(user.native(namespace).unwrap_or("0"))),
        ("fullname", json!(full_name(user, namespace))),
        ("username", json!(user.username)),
        ("group_id", json!(rights::group_of(user).to_string())),
        ("created", json!(day(user.created))),
        ("theme", json!(theme(user))),
        ("initial_login", json!(initial_login(user, namespace).to_string())),
        ("disabled", json!(if user.active { "0" } else { "1" })),
    ];
    match shape {
        Shape::Own => {}
        Shape::Other => members.swap(5, 6),
        Shape::Older => members[7].1 = json!(!user.active),
    }
    members.into_iter().collect()
}

/// The full name. Nobody goes without one here: user 1 is installed as the Administrator, and of
/// others the user name is read as words (`fixtures/transcripts/dandelion/permissions-guest.json`).
pub(crate) fn full_name(user: &User, namespace: &IdNamespace) -> String {
    user.full_name().unwrap_or_else(|| match user.native(namespace) {
        Some("1") => "Administrator".to_owned(),
        _ => words(&user.username),
    })
}

fn words(name: &str) -> String {
    let parts = name.split(['_', '.', '-']).filter(|part| !part.is_empty());
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    parts.map(capital).collect::<Vec<String>>().join(" ")
}

/// The theme; empty is the server's choice.
pub(crate) fn theme(user: &User) -> &str {
    user.attribute(THEME).and_then(Value::as_str).unwrap_or_default()
}

/// What a person is asked at the next login. User 1 is installed with a password to be changed.
pub(crate) fn initial_login(user: &User, namespace: &IdNamespace) -> i64 {
    match user.attribute(INITIAL_LOGIN) {
        Some(Value::Number(kept)) => kept.as_i64().unwrap_or_default(),
        Some(Value::String(kept)) => kept.parse().unwrap_or_default(),
        Some(Value::Bool(kept)) => i64::from(*kept),
        _ => i64::from(user.native(namespace) == Some("1")),
    }
}

/// Whether a person has a place on the Cheesto board.
pub(crate) fn has_status(user: &User) -> bool {
    user.attribute(CHEESTO) != Some(&Value::Bool(false))
}

/// A person's place on the Cheesto board; `None` if they have none or may not act.
pub(crate) fn status(user: &User, namespace: &IdNamespace) -> Option<Value> {
    if !user.active || !has_status(user) {
        return None;
    }
    let id = user.native(namespace).unwrap_or("0");
    let text = |at: usize| user.attribute(STATUS[at]).and_then(Value::as_str);
    let fresh = |at: usize| text(at).unwrap_or(FRESH[at]);
    Some(json!({
        "id": id,
        "user_id": id,
        "status": fresh(0),
        "message": fresh(1),
        "returntime": fresh(2),
        "modified": text(3).map_or_else(|| second(user.created), str::to_owned),
        "disabled": "0",
        "fullname": full_name(user, namespace),
    }))
}

/// The suggestions for a Cheesto status.
pub(crate) fn status_texts() -> Value {
    json!(STATUS_TEXTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_answered_by_the_status() {
        let envelope = |data| Envelope { code: 0, status: "Completed".into(), module: None, data };
        let encoded = envelope(json!([])).encode(12.3);
        assert_eq!(
            encoded,
            r#"{"errorcode":0,"status":"Completed","module":null,"data":"Completed","requestTime":"12.3ms"}"#
        );
        assert!(envelope(json!(true)).encode(0.0).contains(r#""data":true,"requestTime":"0ms""#));
        assert!(envelope(json!("0")).encode(-1.0).contains(r#""data":"Completed","#));
    }

    #[test]
    fn times_have_two_places_at_most() {
        assert_eq!([12.0, 0.456, 0.001, 100.1].map(spent), ["12ms", "0.46ms", "0ms", "100.1ms"]);
    }

    #[test]
    fn user_names_are_read_as_words() {
        assert_eq!(["boot_guest", "a.b-c", "é", "_"].map(words), ["Boot Guest", "A B C", "É", ""]);
    }
}
