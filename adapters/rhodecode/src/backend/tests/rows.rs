//! Rows and answers of a scripted server.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::User;
use serde_json::{Value, json};

use crate::backend::tests::script::{native, run, user};
use crate::backend::tests::server::{SAME_ID, backend, scripted};

/// An answer with a result.
pub(super) fn result(result: &Value) -> (u16, String) {
    (200, format!(r#"{{"id": {SAME_ID}, "error": null, "result": {result}}}"#))
}

/// An answer with an error.
pub(super) fn error(error: &Value) -> (u16, String) {
    (200, format!(r#"{{"id": {SAME_ID}, "error": {error}, "result": null}}"#))
}

pub(super) fn row(id: i64, username: &str) -> Value {
    json!({"username": username, "user_id": id, "description": "", "firstname": "F",
        "last_activity": null, "admin": false, "lastname": "L", "ip_addresses": [],
        "emails": [format!("{username}@example.com")], "language": null, "auth_tokens": ["5ec7e7"],
        "last_login": null, "extern_type": "rhodecode", "active": true, "extern_name": "rhodecode",
        "email": format!("{username}@example.com")})
}

pub(super) fn group_row(id: i64, name: &str, users: &[Value]) -> Value {
    json!({"users": users, "owner_email": "admin@example.com", "sync": null, "group_name": name,
        "owner": "admin", "users_group_id": id, "active": true, "group_description": ""})
}

pub(super) fn made(row: &Value) -> (u16, String) {
    result(&json!({"msg": "created new user", "user": row}))
}

/// The row of a user with some of its columns changed.
pub(super) fn with(id: i64, username: &str, columns: &Value) -> Value {
    let mut row = row(id, username);
    for (name, value) in columns.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

pub(super) fn read(row: &Value) -> User {
    let id = row["user_id"].as_i64().unwrap();
    let server = scripted([result(row)]);
    user(run(&backend(None, &server), Command::GetUser(native(id))))
}
