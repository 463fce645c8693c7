//! What a row proves about the identity of a user.

use std::fs;
use std::path::Path;

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::User;
use serde_json::{Value, json};

use crate::backend::tests::server::{backend, calls, row, server};
use crate::wire::user::NO_HASH;

/// The users of a list, as the backend reads them.
async fn read(rows: Value) -> Vec<User> {
    let system = server([rows]);
    let listed = backend(&system, None).execute(Command::ListUsers).await;
    assert_eq!(calls(&system), ["getAllUsers []"]);
    listed.unwrap().users().unwrap()
}

fn secret(user: &User) -> Option<&str> {
    user.evidence.secret.as_ref().map(Secret::expose)
}

/// A recorded answer of the real server.
fn recorded(scenario: &str, exchange: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transcripts/kanboard");
    let text = fs::read_to_string(folder.join(scenario)).unwrap();
    let scenario: Value = serde_json::from_str(&text).unwrap();
    let all = scenario["exchanges"].as_array().unwrap();
    let one = all.iter().find(|one| one["name"] == exchange);
    one.unwrap_or_else(|| panic!("{exchange}"))["response"]["json"]["result"].clone()
}

#[tokio::test]
async fn the_recorded_hash_is_evidence() {
    let mut rows = recorded("get-all-users.json", "list");
    let mut expected = Vec::new();
    for (at, row) in rows.as_array_mut().unwrap().iter_mut().enumerate() {
        row["id"] = json!(at + 1);
        expected.push(row["password"].as_str().unwrap().to_owned());
    }
    let users = read(rows).await;
    assert!(users.len() > 1);
    let read: Vec<_> = users.iter().map(|user| secret(user).unwrap().to_owned()).collect();
    assert_eq!(read, expected);
    assert!(users.iter().all(|user| user.evidence.created.is_none()));
}

#[tokio::test]
async fn a_row_without_a_hash_of_its_own_has_no_evidence() {
    // Users of a directory have no hash, and the gateway's own dialect shows one placeholder.
    for password in [json!(null), json!(""), json!(NO_HASH), json!("plain"), json!(1)] {
        let users = read(json!([row(2, "ada", &json!({ "password": password }))])).await;
        assert_eq!(secret(&users[0]), None, "{password}");
    }
    let mut hidden = row(2, "ada", &json!({}));
    hidden.as_object_mut().unwrap().remove("password");
    assert_eq!(secret(&read(json!([hidden])).await[0]), None);
}
