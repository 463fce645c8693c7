//! Requests that a dialect does not translate go to the route's origin unchanged. The bodies stream
//! in both directions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answerers;
mod calls;
mod gateway;
mod headers;
mod limits;
mod loops;
mod old_system;
mod pages;
mod process;
mod proxy;
mod real;
mod recorder;
mod small;
mod smuggling;
mod sockets;
mod spellings;
mod streams;
mod usage;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use serde_json::{Value, json};

use crate::gateway::{BASIC, GatewayProcess, TOKEN, get};
use crate::old_system::OldSystem;

#[test]
fn a_path_that_is_not_the_dialects_goes_to_the_origin_unchanged() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("octoprint", &old.url);
    let answer = gateway.send(&get("/api/job?a=1%20b", "X-Api-Key: abc\r\nKeep-Alive: 5\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for part in ["GET /api/job?a=1%20b", "x-api-key: abc", "x-forwarded-host: people.example"] {
        assert!(answer.contains(part), "{part} is missing in {answer}");
    }
    assert!(answer.contains("x-forwarded-for: 127.0.0.1"), "{answer}");
    assert!(!answer.contains("keep-alive: 5"), "{answer}");
    let own = gateway.send(&get("/api/version", ""));
    assert!(own.starts_with("HTTP/1.1 403"), "the dialect's own path was passed on: {own}");
}

#[test]
fn a_batch_is_split_and_joined_in_its_order() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("kanboard", &old.url);
    let call = |id: u32, method: &str| json!({"jsonrpc": "2.0", "id": id, "method": method});
    let batch = [call(1, "getVersion"), call(2, "createTask"), call(3, "getAllUsers")];
    let answers = gateway.call(&Value::from(batch.to_vec()));
    let ids: Vec<_> = answers.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [json!(1), json!(2), json!(3)]);
    assert_eq!(answers[1]["result"], json!("the old system ran createTask"));
    assert_eq!(answers[2]["result"][0]["username"], json!("admin"));
    let alone = gateway.call(&call(7, "createTask"));
    assert_eq!(alone["result"], json!("the old system ran createTask"));
    let own = gateway.call(&call(8, "getUserByName"));
    assert_eq!(own["error"]["code"], json!(-32602), "the origin answered for us");
}

#[test]
fn a_large_body_streams_both_ways() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("octoprint", &old.url);
    let body = "x".repeat(5 << 20);
    let answer = gateway.send(&format!(
        "POST /api/files/local HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..200.min(answer.len())]);
    assert!(answer.contains("POST /api/files/local"));
    assert!(answer.matches('x').count() >= body.len(), "the echo is not whole");
}

#[test]
fn a_websocket_is_switched_through() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("octoprint", &old.url);
    let mut stream = TcpStream::connect(&gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let ask = "GET /sockjs/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
               Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
               Sec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("upgrade: websocket"), "{head}");
    for word in ["over and", "out......."] {
        stream.write_all(word.as_bytes()).unwrap();
        let mut echo = vec![0; word.len()];
        stream.read_exact(&mut echo).unwrap();
        assert_eq!(echo, word.as_bytes());
    }
}

#[test]
fn an_origin_that_is_gone_or_leads_back_is_an_error_in_the_dialects_words() {
    let gone = GatewayProcess::start("octoprint", "http://127.0.0.1:9");
    let answer = gone.send(&get("/api/job", ""));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"error\""), "{answer}");
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("octoprint", &old.url);
    let first = gateway.send(&get("/api/job", ""));
    let via = first.lines().find_map(|line| line.strip_prefix("via: ")).unwrap();
    let second = gateway.send(&get("/api/job", &format!("Via: {via}\r\n")));
    assert!(second.starts_with("HTTP/1.1 503"), "a loop was not found: {second}");
}

#[test]
fn without_an_origin_the_dialect_answers() {
    let setup = Setup {
        dialect: "kanboard".to_owned(),
        accounts: json!({"users": [], "application_keys": [{"dialect": "kanboard", "value": TOKEN}]}),
        ..Setup::default()
    };
    let gateway = Gateway::start(Path::new(env!("CARGO_BIN_EXE_isogloss")), &setup).unwrap();
    let address = gateway.url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"createTask"}"#;
    write!(
        stream,
        "POST /jsonrpc.php HTTP/1.1\r\nHost: a\r\nAuthorization: {BASIC}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("-32601"), "{answer}");
}
