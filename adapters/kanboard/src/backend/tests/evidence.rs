//! What a row proves of who somebody is.

use std::fs;
use std::path::Path;

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::User;
use serde_json::{Value, json};

use super::server::{Scripted, backend, row};
use crate::wire::NO_HASH;

/// The people of a list, as the backend reads them.
async fn read(rows: Value) -> Vec<User> {
    let server = Scripted::saying([Some(rows)]);
    let listed = backend(&server, None).execute(Command::ListUsers).await;
    assert_eq!(server.asked(), ["getAllUsers []"]);
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
async fn the_recorded_hash_proves_who_somebody_is() {
    let mut rows = recorded("get-all-users.json", "list");
    let mut wanted = Vec::new();
    for (at, row) in rows.as_array_mut().unwrap().iter_mut().enumerate() {
        row["id"] = json!(at + 1);
        wanted.push(row["password"].as_str().unwrap().to_owned());
    }
    let people = read(rows).await;
    assert!(people.len() > 1);
    let proved: Vec<_> = people.iter().map(|user| secret(user).unwrap().to_owned()).collect();
    assert_eq!(proved, wanted);
    assert!(people.iter().all(|user| user.evidence.created.is_none()));
}

#[tokio::test]
async fn a_row_without_a_hash_of_its_own_proves_nothing() {
    // People of a directory have none, and our own dialect shows everybody the same.
    for password in [json!(null), json!(""), json!(NO_HASH), json!("plain"), json!(1)] {
        let people = read(json!([row(2, "ada", &json!({ "password": password }))])).await;
        assert_eq!(secret(&people[0]), None, "{password}");
    }
    let mut hidden = row(2, "ada", &json!({}));
    hidden.as_object_mut().unwrap().remove("password");
    assert_eq!(secret(&read(json!([hidden])).await[0]), None);
}
