//! The Cheesto board: it shows who is present and who is absent.

use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::attributes::{CHEESTO, STATUS};
use crate::wire::person::full_name;

/// The status, the message and the time of return of a user who never set them.
const DEFAULTS: [&str; 3] = ["Available", "", "00:00:00"];

/// The suggestions for a status.
const SUGGESTIONS: [&str; 10] = [
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

/// A time as MySQL writes it, to the second.
pub(crate) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Whether a user has a row on the board.
pub(crate) fn has_status(user: &User) -> bool {
    user.attribute(CHEESTO) != Some(&Value::Bool(false))
}

/// The row of a user; `None` for a disabled user and for a user without a row.
pub(crate) fn status(user: &User, namespace: &IdNamespace) -> Option<Value> {
    if !user.active || !has_status(user) {
        return None;
    }
    let id = user.native(namespace).unwrap_or("0");
    let stored = |at: usize| user.attribute(STATUS[at]).and_then(Value::as_str);
    let text = |at: usize| stored(at).unwrap_or(DEFAULTS[at]);
    Some(json!({
        "id": id,
        "user_id": id,
        "status": text(0),
        "message": text(1),
        "returntime": text(2),
        "modified": stored(3).map_or_else(|| time(user.created), str::to_owned),
        "disabled": "0",
        "fullname": full_name(user, namespace),
    }))
}

/// The suggestions for a status.
pub(crate) fn suggestions() -> Value {
    json!(SUGGESTIONS)
}
