//! Tests of a gateway with the page's adapter in its registry.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use serde_json::{Value, json};

use crate::succeeded;

/// Duck's application key.
const KEY: &str = "4f1c0d5e9a7b36284f1c0d5e9a7b36284f1c0d5e";

/// The output of a command.
fn printed(command: &mut Command) -> String {
    String::from_utf8(succeeded(command).stdout).unwrap()
}

/// The matrix and the list of dialects have its methods.
pub(crate) fn tables_know_it(program: &Path) {
    for table in [&["matrix"][..], &["dialects", "duck"]] {
        let text = printed(Command::new(program).args(table));
        for method in ["GET /api/users/<name>", "DELETE /api/users/<name>"] {
            assert!(text.contains(method), "{table:?} has no {method}:\n{text}");
        }
    }
    let matrix = printed(Command::new(program).args(["matrix", "--markdown"]));
    assert!(matrix.to_lowercase().contains("duck"), "{matrix}");
}

/// A route may use its dialect and a backend its system. An unknown option is refused.
pub(crate) fn configurations_may_name_it(program: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let check = |option: &str| {
        let text = format!(
            "[store]\ndirectory = \"data\"\n[backend.ducks]\nsystem = \"duck\"\n\
             url = \"http://127.0.0.1:9\"\nsecret = \"the key of the gateway at Duck\"\n\
             [[route]]\npath = \"/duck\"\ndialect = \"duck\"\nbackend = \"ducks\"\n\
             [route.options]\n{option} = true\n"
        );
        fs::write(folder.path().join("gateway.toml"), text).unwrap();
        let mut check = Command::new(program);
        check.args(["config", "check", "--config", "gateway.toml"]).current_dir(folder.path());
        check.output().unwrap()
    };
    let right = check("read_only");
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
    let wrong = check("no_such_option");
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && told.contains("no_such_option"), "{told}");
}

/// A client of Duck creates, reads and deletes a user in the embedded store.
pub(crate) fn its_clients_are_answered(program: &Path) {
    let setup = Setup {
        dialect: "duck".to_owned(),
        accounts: json!({"users": [], "application_keys": [{"dialect": "duck", "value": KEY}]}),
        ..Setup::default()
    };
    let gateway = Gateway::start(program, &setup).unwrap();
    let ask = |line: &str, key: &str, body: &str| ask(&gateway.url, line, key, body);
    let new = r#"{"name":"ann","mail":"ann@example.org","password":"a secret","admin":false}"#;
    let row = json!({"name": "ann", "mail": "ann@example.org", "active": true, "admin": false});
    assert_eq!(ask("GET /api/users", "wrong", "").0, 401);
    assert_eq!(ask("POST /api/users", KEY, new), (201, row.clone()));
    assert_eq!(ask("POST /api/users", KEY, new), (409, json!({"error": "name is taken"})));
    assert_eq!(ask("GET /api/users/ann", KEY, ""), (200, row));
    assert_eq!(ask("DELETE /api/users/ann", KEY, ""), (204, Value::Null));
    assert_eq!(ask("GET /api/users/ann", KEY, ""), (404, json!({"error": "no such user"})));
}

/// The status and the body of an answer.
fn ask(url: &str, line: &str, key: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: duck\r\nConnection: close\r\nX-Duck-Key: {key}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}
