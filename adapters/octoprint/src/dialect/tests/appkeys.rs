//! A request for an application key whose issue fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use isogloss_canonical::command::Command;
use isogloss_canonical::outcome::Outcome;

use super::*;
use crate::roles::tests::group;

fn sent(script: &Script, line: &str, body: &Value) -> Response {
    let (verb, path) = line.split_once(' ').unwrap();
    let request = Request::to(verb, path).with("x-api-key", "key").with("host", "a");
    let request = request.carrying("application/json", body.to_string());
    now(dialect_of("1.11", &json!({})).answer(&request, script))
}

fn read(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_key_that_could_not_be_issued_is_issued_at_the_next_poll() {
    let works = Arc::new(AtomicBool::new(false));
    let backend = Arc::clone(&works);
    let script = Script::person(admin(), Proof::Key(None)).answering(move |command| {
        if matches!(command, Command::ListGroups(_)) {
            Ok(Outcome::Groups(vec![group(1, "admins", json!({}))]))
        } else if matches!(command, Command::IssueKey(..)) && !backend.load(Ordering::Relaxed) {
            Err(Fault::new(FaultKind::Unavailable, "out of reach"))
        } else {
            Ok(Outcome::Keys(Vec::new()))
        }
    });
    let asked = sent(&script, "POST /plugin/appkeys/request", &json!({"app": "slicer"}));
    let token = read(&asked)["app_token"].as_str().unwrap().to_owned();
    let pending = read(&sent(&script, "GET /api/plugin/appkeys", &Value::Null));
    let (user_token, _) = pending["pending"].as_object().unwrap().iter().next().unwrap();
    let decision = format!("POST /plugin/appkeys/decision/{user_token}");
    assert_eq!(sent(&script, &decision, &json!({"decision": true})).status, 204);
    let poll = format!("GET /plugin/appkeys/request/{token}");
    // The program is told of the outage. A 404 would say that the user has denied it.
    for _ in 0..2 {
        assert_eq!(sent(&script, &poll, &Value::Null).status, 503);
    }
    works.store(true, Ordering::Relaxed);
    let issued = sent(&script, &poll, &Value::Null);
    assert_eq!(issued.status, 200);
    assert!(read(&issued)["api_key"].is_string());
    assert_eq!(sent(&script, &poll, &Value::Null).status, 404, "a key is given twice");
}
