//! Bodies and headers before 1.4 that recordings do not have. The answers were compared with servers
//! of 1.3.12 and 1.3.0.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::Attributes;
use serde_json::json;

use super::*;
use crate::dialect::tests::dialect_of;

/// A gateway where everybody exists and every change is made.
fn gateway() -> Script {
    let outcome = |command: &Command| {
        if matches!(command, Command::GetUser(_)) {
            Outcome::User(Box::new(User::seen("bob")))
        } else if matches!(command, Command::ListUsers) {
            Outcome::Users(Vec::new())
        } else if matches!(command, Command::ListKeys(..)) {
            Outcome::Keys(Vec::new())
        } else if matches!(command, Command::ReadSettings(..)) {
            Outcome::Settings(Attributes::default())
        } else {
            Outcome::Done
        }
    };
    Script::person(admin(), Proof::Key(None)).answering(move |command| Ok(outcome(command)))
}

fn sent(version: &str, line: &str, kind: &str, body: &str) -> Response {
    let (verb, path) = line.split_once(' ').unwrap();
    let request =
        Request::to(verb, path).with("content-type", kind.to_owned()).with("x-api-key", "key");
    let request = Request { body: body.to_owned().into(), ..request };
    now(dialect_of(version, &json!({})).answer(&request, &gateway()))
}

const SETTINGS: &str = "PATCH /api/users/bob/settings";
const LOGIN: &str = "POST /api/login";

#[test]
fn what_the_caller_sent_is_escaped_in_html() {
    let absent = Script::person(admin(), Proof::Key(None))
        .answering(|_| Err(Fault::not_found(Subject::User)));
    let request = Request::to("GET", "/api/users/a%3Cb%3E%26%22/settings").with("x-api-key", "key");
    let answer = now(dialect_of("1.3", &json!({})).answer(&request, &absent));
    assert_eq!(answer.body, "Unknown user: a&lt;b&gt;&amp;&#34;");
}

#[test]
fn only_1_3_0_compares_media_types_exactly() {
    for (kind, of_1_3, of_1_3_0) in [
        ("application/json", 200, 200),
        ("Application/JSON", 200, 500),
        ("application/json,application/json", 200, 500),
        ("application/jsonx", 500, 500),
    ] {
        for (version, status) in [("1.3", of_1_3), ("1.3.0", of_1_3_0)] {
            let answer = sent(version, SETTINGS, kind, "{\"a\":1}");
            assert_eq!(answer.status, status, "{version} {kind}");
            let login = sent(version, LOGIN, kind, "{\"user\":\"bob\",\"pass\":\"pw\"}");
            let status = if status == 200 { 200 } else { 204 };
            assert_eq!(login.status, status, "{version} {kind}");
        }
    }
}

#[test]
fn encodings_are_those_of_python() {
    for version in ["1.3", "1.3.0"] {
        for (charset, status) in [
            ("", 200),
            ("u8", 200),
            ("UTF_8", 200),
            ("\"utf 8\"", 200),
            ("utf_8_sig", 200),
            ("cp1252", 200),
            ("koi8-r", 200),
            ("L1", 200),
            ("gbk", 200),
            ("utf-16", 400),
            ("utf_32_le", 400),
            ("foo", 500),
            ("hex", 500),
        ] {
            let kind = format!("application/json; charset={charset}");
            assert_eq!(sent(version, SETTINGS, &kind, "{\"a\":1}").status, status, "{kind}");
        }
        let beyond = |charset| {
            let kind = format!("application/json; charset={charset}");
            sent(version, SETTINGS, &kind, "{\"a\":\"\u{fc}\"}").status
        };
        assert_eq!((beyond("utf-8"), beyond("latin-1"), beyond("cp1252")), (200, 200, 500));
    }
}

#[test]
fn half_a_surrogate_pair_matters_only_where_it_is_read() {
    const USER: &str = "PUT /api/users/bob";
    for version in ["1.3", "1.3.0"] {
        for (line, body, status) in [
            (USER, r#"{"active":true,"x":"\ud83d"}"#, 200),
            (USER, r#"{"active":true,"\ud83d":1}"#, 200),
            (USER, r#"{"active":"\ud83d"}"#, 200),
            (USER, r#""\ud800""#, 200),
            (SETTINGS, r#"{"a":"\ud83d"}"#, 200),
            // OctoPrint stores such a key.
            (SETTINGS, r#"{"\ud83d":"a"}"#, 500),
            (LOGIN, r#"{"user":"bob","pass":"pw","x":"\ud83d"}"#, 200),
            (LOGIN, r#"{"user":"\ud83d","pass":"pw"}"#, 401),
            ("POST /api/users", r#"{"active":"\ud800"}"#, 400),
            // 1.3.12 sets such a password.
            ("PUT /api/users/bob/password", r#"{"password":"\ud83d"}"#, 500),
        ] {
            let answer = sent(version, line, "application/json", body);
            assert_eq!(answer.status, status, "{version} {line} {body}: {answer:?}");
        }
    }
    let unread = r#"{"password":"pw","x":"\ud83d"}"#;
    for (path, status) in [("password", 200), ("settings", 500)] {
        let verb = if status == 200 { "PUT" } else { "PATCH" };
        let line = format!("{verb} /api/access/users/bob/{path}");
        assert_eq!(sent("1.11", &line, "application/json", unread).status, status, "{line}");
    }
}

#[test]
fn settings_are_nested_100_deep() {
    for version in ["1.3", "1.3.0"] {
        for depth in [53, 99] {
            let body = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let answer = sent(version, SETTINGS, "application/json", &body);
            assert_eq!(answer.status, 200, "{version} {depth}");
        }
    }
}

/// OctoPrint 1.3.12 compares the bytes of the header with names that are texts.
#[test]
fn a_basic_header_names_nobody_outside_ascii() {
    let dialect = dialect_of("1.3", &json!({"basic_authentication": true}));
    for (credentials, status) in [
        ("Ym9iOnB3", 200), // bob:pw
        ("Ym9iOsO8", 200), // bob:ü
        ("w7xuOnB3", 403), // ün:pw
        ("/G46cHc=", 403), // ün:pw in Latin-1
        ("Ym9iOv8=", 403), // bob: and a byte
        ("YmH/", 500),     // no colon
    ] {
        let header = format!("Basic {credentials}");
        let request = Request::to("GET", "/api/version").with("authorization", header);
        let script = Script::person(admin(), Proof::Password);
        assert_eq!(now(dialect.answer(&request, &script)).status, status, "{credentials}");
    }
}

/// The page's key lets a guest in, whom the framework then refuses.
#[test]
fn without_access_control_only_the_key_of_the_application_counts() {
    let dialect = dialect_of("1.3.0", &json!({"access_control": false}));
    for line in ["GET /api/users", LOGIN] {
        let (verb, path) = line.split_once(' ').unwrap();
        let request = Request::to(verb, path)
            .with("x-api-key", "key")
            .with("content-type", "application/json");
        let request = Request { body: "{\"passive\":true}".into(), ..request };
        let answer = now(dialect.answer(&request, &gateway()));
        assert_eq!((answer.status, &answer.body[..]), (401, &b"Invalid API key"[..]), "{line}");
        let namespace = IdNamespace::named("octoprint");
        let answer = now(dialect.answer(&request, &Script::application(namespace)));
        assert_eq!(answer.status, 200, "{line}");
    }
}
