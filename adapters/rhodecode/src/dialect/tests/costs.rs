//! The cost of a request without credentials, and two details of answers.

use std::sync::Mutex;

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Request;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::{NewUser, Role};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::dialect::tests::script::{Down, ask, dialect, now, send};
use crate::options::version::Version;

const NOBODY: Down = Down { kind: FaultKind::Unavailable, knows_callers: false };
const VERSIONS: [Version; 2] = [Version::V4_26, Version::V4_3];

/// Checks that an answer is at most eight times as long as the request, plus a constant.
fn is_bounded(version: Version, body: &str) {
    let begun = std::time::Instant::now();
    let response = send(version, &NOBODY, body);
    let (took, length) = (begun.elapsed(), response.body.len());
    assert!(length <= 8192 + 8 * body.len(), "{version:?} {body:.60}: {length} bytes");
    assert!(took.as_secs() < 5, "{version:?} {body:.60}: {took:?}");
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
    let answer = send(Version::V4_26, &NOBODY, &envelope(&deep, "\"test\""));
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let error = "Incorrect JSON data. The 'id' is too long";
    assert_eq!(answer, json!({"id": null, "result": null, "error": error}));
    let plain = json!({"a": [1, {"b": [[["x"]]]}]});
    let answer = send(Version::V4_26, &NOBODY, &envelope(&plain.to_string(), "\"none\""));
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["id"], plain);
}

#[test]
fn the_length_of_what_the_test_method_echoes_is_bounded() {
    let known = Down { kind: FaultKind::Unavailable, knows_callers: true };
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
        let several = now(dialect.answer(&request("multipart/form-data; boundary=x"), &NOBODY));
        let large = Fault::new(FaultKind::TooLarge, "");
        let large = dialect.refuse(&request("text/plain"), &large);
        let unspeakable = send(version, &NOBODY, &envelope("1", "\"é\""));
        for page in [several, large, unspeakable] {
            let has = |(name, value): &(_, String)| name == "Content-Type" && value == kind;
            assert!(page.headers.iter().any(has), "{version:?}: {page:?}");
        }
    }
}

/// A gateway that finds nobody, and records who is to be created.
#[derive(Debug, Default)]
struct Creating(Mutex<Option<NewUser>>);

#[async_trait]
impl Exchange for Creating {
    async fn identify(&self, shown: Credentials) -> Result<Caller, Fault> {
        Down { kind: FaultKind::Unavailable, knows_callers: true }.identify(shown).await
    }

    async fn call(&self, _: &Caller, command: Command) -> Result<Outcome, Fault> {
        if let Command::CreateUser(new) = command {
            *self.0.lock().unwrap() = Some(*new);
        }
        Err(Fault::not_found(Subject::User))
    }

    fn sessions(&self) -> &dyn SessionStore {
        &NOBODY
    }

    fn random(&self) -> [u8; 32] {
        [7; 32]
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[test]
fn a_null_flag_gets_its_default_in_version_4_3() {
    let creating = Creating::default();
    let args = json!({
        "username": "ann", "email": "ann@example.com", "active": null, "admin": null,
        "firstname": null, "lastname": null,
    });
    ask(Version::V4_3, &creating, "create_user", &args);
    let new = creating.0.into_inner().unwrap().unwrap();
    assert_eq!((new.inactive, new.role), (false, Role::User));
    assert_eq!((new.given_name, new.family_name), (None, None));
    assert!(!new.attributes.values().any(Value::is_null), "{:?}", new.attributes);
}
