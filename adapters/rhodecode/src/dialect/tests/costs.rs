//! The cost of a request without credentials, and two details of answers.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Proof;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Request;
use isogloss_canonical::role::Role;
use isogloss_testkit::cpu;
use isogloss_testkit::scripted::exchange::Script;
use isogloss_testkit::scripted::now;
use serde_json::{Value, json};

use crate::dialect::tests::script::{admin, ask, dialect, down, out_of_reach, send};
use crate::options::version::Version;

const VERSIONS: [Version; 2] = [Version::V4_26, Version::V4_3];

fn nobody() -> Script {
    out_of_reach(FaultKind::Unavailable)
}

/// Checks that an answer is at most eight times as long as the request, plus a constant, and takes
/// little processor time, which another process on the machine does not change.
fn is_bounded(version: Version, body: &str) {
    let before = cpu::of_this_thread();
    let response = send(version, &nobody(), body);
    let (took, length) = (cpu::of_this_thread().saturating_sub(before), response.body.len());
    assert!(length <= 8192 + 8 * body.len(), "{version:?} {body:.60}: {length} bytes");
    assert!(took.as_secs() < 5, "{version:?} {body:.60}: {took:?} of processor time");
}

fn envelope(id: &str, method: &str) -> String {
    format!(r#"{{"id":{id},"auth_token":"x","method":{method},"args":{{}}}}"#)
}

#[test]
fn the_length_of_what_is_echoed_is_bounded() {
    let nested = |depth, items| {
        let inner = vec!["0"; items].join(",");
        format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth))
    };
    let objects = format!("{}1{}", "{\"a\":".repeat(800), "}".repeat(800));
    let long = |text: &str| format!("\"{}\"", text.repeat((1 << 20) / text.len()));
    for version in VERSIONS {
        for id in [&nested(800, 40_000), &nested(800, 1), &nested(20, 1), &objects] {
            is_bounded(version, &envelope(id, "\"x\""));
            is_bounded(version, &envelope("1", id));
            is_bounded(version, &envelope(id, "\"test\""));
        }
        for text in ["\u{7f}", "_", "a_", "[", "[_", "é", "*a_", "\\\\"] {
            is_bounded(version, &envelope(&long(text), "\"x\""));
            is_bounded(version, &envelope("1", &long(text)));
        }
        for body in ["[", "\u{7f}", "{\"", "{\"a\":", "[\"\",", "1,"] {
            is_bounded(version, &body.repeat((1 << 20) / body.len()));
        }
    }
}

#[test]
fn an_id_that_is_too_long_is_refused_without_an_echo() {
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let answer = send(Version::V4_26, &nobody(), &envelope(&deep, "\"test\""));
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let error = "Incorrect JSON data. The 'id' is too long";
    assert_eq!(answer, json!({"id": null, "result": null, "error": error}));
    let plain = json!({"a": [1, {"b": [[["x"]]]}]});
    let answer = send(Version::V4_26, &nobody(), &envelope(&plain.to_string(), "\"none\""));
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["id"], plain);
}

#[test]
fn the_length_of_what_the_test_method_echoes_is_bounded() {
    let known = down(FaultKind::Unavailable);
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let body = r#"{"id":1,"auth_token":"x","method":"test","args":{"args":"#.to_owned() + &deep;
    let response = send(Version::V4_26, &known, &(body + "}}"));
    assert!(response.body.len() < 200, "{} bytes", response.body.len());
}

#[test]
fn error_pages_have_the_content_type_of_their_version() {
    let request = |kind: &str| Request {
        headers: vec![("content-type".to_owned(), kind.to_owned().into())],
        ..Request::to("POST", "/_admin/api")
    };
    for (version, kind) in VERSIONS.into_iter().zip(["text/html; charset=UTF-8", "text/html"]) {
        let dialect = dialect(version);
        let several = now(dialect.answer(&request("multipart/form-data; boundary=x"), &nobody()));
        let large = Fault::new(FaultKind::TooLarge, "");
        let large = dialect.refuse(&request("text/plain"), &large);
        let unspeakable = send(version, &nobody(), &envelope("1", "\"é\""));
        for page in [several, large, unspeakable] {
            let has = |(name, value): &(_, String)| name == "Content-Type" && value == kind;
            assert!(page.headers.iter().any(has), "{version:?}: {page:?}");
        }
    }
}

#[test]
fn a_null_flag_gets_its_default_in_version_4_3() {
    let finds_nobody = Script::person(admin(), Proof::Key(None))
        .answering(|_| Err(Fault::not_found(Subject::User)));
    let args = json!({
        "username": "ann", "email": "ann@example.com", "active": null, "admin": null,
        "firstname": null, "lastname": null,
    });
    ask(Version::V4_3, &finds_nobody, "create_user", &args);
    let created = finds_nobody.asked().into_iter().find_map(|asked| {
        if let Command::CreateUser(new) = asked.command { Some(new) } else { None }
    });
    let new = created.unwrap();
    assert_eq!((new.inactive, new.role), (false, Role::User));
    assert_eq!((new.given_name, new.family_name), (None, None));
    assert!(!new.attributes.values().any(Value::is_null), "{:?}", new.attributes);
}
