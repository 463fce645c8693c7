//! The limits of a batch.

use isogloss_canonical::command::Command;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_testkit::scripted::exchange::Script;
use serde_json::json;

use crate::database::Database;
use crate::dialect::Kanboard;
use crate::dialect::tests::script::{
    ANN, APPLICATION, answer, application, commands, options, person, request, user,
};

const CALL: &str = r#"{"jsonrpc":"2.0","method":"isActiveUser","params":[7],"id":1}"#;

fn batch(item: &str, count: usize) -> String {
    format!("[{}]", vec![item; count].join(","))
}

/// The application; every command answers user 7.
fn finding() -> Script {
    application(Outcome::User(Box::new(user(Role::User))))
}

#[test]
fn a_batch_that_is_too_long_is_refused_whole() {
    let script = finding();
    let (status, answered) = answer(APPLICATION, &batch(CALL, 101), &script);
    assert_eq!(status, 200);
    assert_eq!(
        answered,
        r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request","data":"Too many calls in one batch"},"id":null}"#
    );
    assert!(script.asked().is_empty() && script.shown().is_empty());
    answer(APPLICATION, &batch(CALL, 100), &script);
    assert_eq!(script.asked().len(), 100);
}

#[test]
fn a_batch_with_keys_counts_as_one() {
    let members: Vec<_> = (0..101).map(|key| format!("\"{key}\":{CALL}")).collect();
    let (_, answered) = answer(APPLICATION, &format!("{{{}}}", members.join(",")), &finding());
    assert!(answered.contains("Too many calls"), "{answered}");
}

#[test]
fn many_items_that_are_no_calls_need_credentials() {
    let nobody = || Script::nobody(Fault::refused(Refusal::Unknown));
    let (status, answered) = answer(ANN, &batch("1", 20), &nobody());
    assert_eq!((status, answered.matches("-32700").count()), (200, 20));
    assert_eq!(answer(ANN, &batch("1", 21), &nobody()).0, 401);
    assert_eq!(answer(ANN, &batch("{}", 21), &nobody()).0, 401);
    let script = finding();
    let (status, answered) = answer(APPLICATION, &batch("1", 21), &script);
    assert_eq!((status, answered.matches("-32700").count()), (200, 21));
    assert_eq!(script.shown().len(), 1);
}

#[test]
fn credentials_that_are_checked_ahead_are_not_checked_twice() {
    let script = finding();
    let (_, answered) =
        answer(APPLICATION, &format!("[{CALL},{}]", vec!["1"; 30].join(",")), &script);
    assert!(answered.starts_with(r#"[{"jsonrpc":"2.0","result":true,"id":1},"#), "{answered}");
    assert_eq!(script.shown().len(), 1);
}

#[test]
fn a_body_of_too_many_values_is_not_decoded() {
    let body = format!("[{}1]", "1,".repeat(500_000));
    let (status, answered) = answer(APPLICATION, &body, &finding());
    assert_eq!(status, 200);
    assert!(answered.contains("-32700") && answered.len() < 100, "{answered}");
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    for opening in ["[", "{\"a\":", "[{\"a\":"] {
        let (_, answered) = answer(APPLICATION, &opening.repeat(1 << 18), &finding());
        assert!(answered.contains("-32700"), "{answered}");
    }
}

#[test]
fn a_batch_that_is_over_starts_no_further_call() {
    for (kind, message) in
        [(FaultKind::Timeout, "database is locked"), (FaultKind::Unavailable, "unable to open")]
    {
        let script = finding().over_after(2, Fault::new(kind, ""));
        let notification = CALL.replace(",\"id\":1", "");
        let body = format!("[{CALL},{CALL},{CALL},1,{notification},{CALL}]");
        let (status, answered) = answer(APPLICATION, &body, &script);
        let answers: Vec<serde_json::Value> = serde_json::from_str(&answered).unwrap();
        assert_eq!((status, script.asked().len(), answers.len()), (200, 2, 4));
        for done in &answers[..2] {
            assert_eq!(done["result"], json!(true), "{answered}");
        }
        for left in &answers[2..] {
            assert_eq!((&left["error"]["code"], &left["id"]), (&json!(0), &json!(1)), "{answered}");
            assert!(left["error"]["message"].as_str().unwrap().contains(message), "{answered}");
        }
    }
}

#[test]
fn a_user_has_a_hundred_projects_at_most() {
    let create = |projects: usize, text: usize| {
        let mut user = user(Role::User);
        for number in 1..projects {
            let stored = json!([number, "x".repeat(text), null, 0]);
            user.attributes.insert(format!("kanboard.project.{number}"), stored);
        }
        // As earlier releases stored them.
        let stored = json!([[projects, "x".repeat(text), null, 0]]);
        user.attributes.insert("kanboard.projects".to_owned(), stored);
        let script = person(user.clone(), Outcome::User(Box::new(user)));
        let body = r#"{"jsonrpc":"2.0","method":"createMyPrivateProject","params":["x"],"id":1}"#;
        let (_, answered) = answer(ANN, body, &script);
        let merged = |command: &Command| matches!(command, Command::MergeSettings(..));
        (answered.contains("\"result\":1"), commands(&script).iter().any(merged))
    };
    assert_eq!(create(99, 1), (true, true));
    assert_eq!(create(100, 1), (false, false));
    assert_eq!(create(16, 65_535), (true, true));
    assert_eq!(create(17, 65_535), (false, false));
}

#[test]
fn each_call_of_a_batch_without_an_answer_is_answered_by_an_error() {
    let dialect = Kanboard::new(options(Database::Sqlite));
    let fault = Fault::new(FaultKind::Timeout, "the request's time is up");
    let calls = json!([
        {"jsonrpc": "2.0", "method": "getVersion", "id": 1},
        {"jsonrpc": "2.0", "method": "getVersion"},
        {"jsonrpc": "2.0", "method": "createUser", "params": ["ada", "secret1"], "id": "x"},
    ]);
    let refused = |body: &str| {
        let response = dialect.refuse(&request(ANN, body), &fault);
        (response.status, String::from_utf8(response.body.to_vec()).unwrap())
    };
    let (status, body) = refused(&calls.to_string());
    let answers: serde_json::Value = serde_json::from_str(&body).unwrap();
    let ids: Vec<_> = answers.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!((status, ids), (200, vec![json!(1), json!("x")]));
    assert!(answers.as_array().unwrap().iter().all(|one| one["error"].is_object()), "{body}");
    let (status, body) = refused(&calls[0].to_string());
    assert!(status == 200 && body.contains("\"id\":1") && body.contains("error"), "{body}");
    assert_eq!(refused("no JSON"), (500, String::new()));
    assert_eq!(refused(&calls[1].to_string()), (500, String::new()));
}
