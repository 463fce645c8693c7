//! A batch that is too long is refused whole. A batch stops if its client has disconnected.

use std::io::Read;
use std::net::TcpStream;

use serde_json::Value;

use crate::gateway::{Gateway, Options, PASSWORD, TOKEN, await_that, body, path};

fn application() -> String {
    format!("jsonrpc:{TOKEN}")
}

/// Sends a call with the credentials of the application or of a user.
fn post(gateway: &Gateway, login: &str, body: &str) -> TcpStream {
    let head = head(&path("kanboard", "1.2"), login, body.len());
    gateway.sent(format!("{head}{body}").as_bytes())
}

fn head(at: &str, login: &str, length: usize) -> String {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(login);
    format!(
        "POST {at}/jsonrpc.php HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\
         Authorization: Basic {basic}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// A batch that creates this many groups.
fn groups(count: usize) -> String {
    let call =
        |n| format!(r#"{{"jsonrpc":"2.0","method":"createGroup","params":["g{n}"],"id":{n}}}"#);
    format!("[{}]", (0..count).map(call).collect::<Vec<_>>().join(","))
}

fn created(gateway: &Gateway) -> u64 {
    gateway.count("groups WHERE name GLOB 'g[0-9]*'")
}

/// Waits until some groups exist.
fn await_first(gateway: &Gateway) {
    await_that("nothing is created", || created(gateway) > 0);
}

/// Checks that no batch continues: it sends other calls, each of which takes at least as long as
/// one of a batch.
fn nothing_goes_on(gateway: &Gateway, so_far: impl Fn() -> u64) {
    let mut before = None;
    for number in 0..20 {
        let call = format!(
            r#"{{"jsonrpc":"2.0","method":"createUser","params":["other{number}","secret"],"id":1}}"#
        );
        let made = body(post(gateway, &application(), &call));
        assert!(made["result"].is_number(), "{made}");
        // The call in progress may have ended in the meantime, but no other call.
        assert!(so_far() <= *before.get_or_insert_with(&so_far) + 1, "the batch goes on");
    }
}

/// How many calls of a batch have a result. All other answers must be the error for a batch that
/// was stopped.
fn done(answers: &Value) -> u64 {
    let answers = answers.as_array().unwrap();
    let done = answers.iter().filter(|answer| answer["result"].is_number()).count();
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer["id"], number, "in the order asked");
        let told = answer["error"]["message"].as_str().unwrap_or_default();
        let left_out = number >= done && told.contains("General error");
        assert!(number < done || left_out, "{answer}");
    }
    u64::try_from(done).unwrap()
}

#[test]
fn a_batch_that_is_too_long_does_nothing() {
    let gateway = Gateway::start(&Options::default());
    let answer = body(post(&gateway, &application(), &groups(1001)));
    assert_eq!(answer["error"]["code"], -32600, "{answer}");
    assert_eq!(created(&gateway), 0);
}

#[test]
fn a_batch_whose_client_is_gone_is_not_gone_on_with() {
    let gateway = Gateway::start(&Options::default());
    let stream = post(&gateway, &application(), &groups(1000));
    await_first(&gateway);
    let lock = gateway.lock_writing();
    let before = created(&gateway);
    let client = stream.local_addr().unwrap();
    drop(stream);
    gateway.await_disconnect(client);
    lock.release();
    nothing_goes_on(&gateway, || created(&gateway));
    assert!(created(&gateway) <= before + 1, "only the call in progress is finished");
}

#[test]
fn a_batch_whose_time_is_up_answers_what_was_done() {
    let gateway = Gateway::start(&Options { request_timeout_ms: Some(3_000) });
    // Each call hashes a password, so a thousand calls take longer than the limit.
    let call = |n| {
        format!(r#"{{"jsonrpc":"2.0","method":"createUser","params":["u{n}","secret"],"id":{n}}}"#)
    };
    let batch = format!("[{}]", (0..1000).map(call).collect::<Vec<_>>().join(","));
    let mut answer = String::new();
    post(&gateway, &application(), &batch).read_to_string(&mut answer).unwrap();
    let created = || gateway.count("users WHERE username GLOB 'u[0-9]*'");
    nothing_goes_on(&gateway, created);
    assert!(created() < 1000, "all was done in time: the test shows nothing");
    // A tenth of the time is reserved for the answer. On a busy machine that can be too short. Then every
    // call is answered by an error.
    let (head, list) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let answers: Value = serde_json::from_str(list).unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 1000);
    assert!([created(), 0].contains(&done(&answers)), "{answer}");
}

#[test]
fn a_batch_cut_by_a_stop_answers_what_was_done() {
    let mut gateway = Gateway::start(&Options::default());
    let stream = post(&gateway, &application(), &groups(1000));
    await_first(&gateway);
    let lock = gateway.lock_writing();
    gateway.terminate();
    gateway.await_log("stopping");
    lock.release();
    let answers = body(stream);
    gateway.await_end();
    let done = done(&answers);
    assert_eq!((answers.as_array().unwrap().len(), created(&gateway)), (1000, done));
    assert!(done < 1000, "all was done before the stop: the test shows nothing");
}

#[test]
fn one_account_creates_a_hundred_projects_and_no_more() {
    // The time limit does not matter here.
    let gateway = Gateway::start(&Options { request_timeout_ms: Some(300_000) });
    let call = r#"{"jsonrpc":"2.0","method":"createMyPrivateProject","params":["p"],"id":1}"#;
    let batch = format!("[{}]", vec![call; 300].join(","));
    let answers = body(post(&gateway, &format!("ann:{PASSWORD}"), &batch));
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.iter().filter(|answer| answer["result"].is_number()).count(), 100);
    assert_eq!(answers.iter().filter(|answer| answer["result"] == false).count(), 200);
    // One row for each project, one for the last number, one for the person's list, and one for the
    // address of the sign-in.
    assert_eq!(gateway.count("session_store"), 103);
    let names = r#"{"jsonrpc":"2.0","method":"getMyProjectsList","id":1}"#;
    let names = body(post(&gateway, &format!("ann:{PASSWORD}"), names));
    assert_eq!(names["result"].as_object().unwrap().len(), 100);
}

#[test]
fn projects_made_at_the_same_moment_do_not_overwrite_each_other() {
    let gateway = Gateway::start(&Options::default());
    let ann = format!("ann:{PASSWORD}");
    let call = r#"{"jsonrpc":"2.0","method":"createMyPrivateProject","params":["p"],"id":1}"#;
    let streams: Vec<_> = (0..12).map(|_| post(&gateway, &ann, call)).collect();
    for stream in streams {
        assert!(body(stream)["result"].is_number());
    }
    let names = r#"{"jsonrpc":"2.0","method":"getMyProjectsList","id":1}"#;
    let names = body(post(&gateway, &ann, names));
    assert_eq!(names["result"].as_object().unwrap().len(), 12);
}
