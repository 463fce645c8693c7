//! `config check --connect`: whether each system can be reached and accepts the gateway's
//! credential. A second gateway answers as each of the systems.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use isogloss::registry;
use serde_json::Value;

use crate::program::{Done, Server, Workdir};

/// Each system with the place of its first credential.
fn systems() -> impl Iterator<Item = (&'static str, String)> {
    registry::remotes()
        .map(|(adapter, _)| (adapter.name, format!("/{}/{}", adapter.name, adapter.key_word)))
}

/// A configuration with each system as a backend, and one route with an origin.
fn configuration(secret: impl Fn(&str) -> String, url: impl Fn(&str) -> String) -> String {
    let backend = |(system, pointer): (&str, String)| {
        format!(
            "[backend.{system}]\nsystem = \"{system}\"\nurl = \"{}\"\nsecret = \"{}\"\n\
             timeout_ms = 5000\n[[route]]\npath = \"/{system}\"\ndialect = \"{system}\"\n\
             backend = \"{system}\"\n[route.origin]\nurl = \"{}\"\n",
            url(system),
            secret(&pointer),
            url(system)
        )
    };
    systems().map(backend).collect()
}

fn connect(text: &str) -> (Done, Vec<Value>) {
    let workdir = Workdir::new();
    let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n{text}");
    workdir.write("gateway.toml", &text);
    let words = ["config", "check", "--connect", "--json", "--config"];
    let done = workdir.run(&words, Path::new("gateway.toml"), &[]);
    assert!(!done.complaint.contains("hunter2") && !done.out.contains("hunter2"));
    let list = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{}", done.complaint));
    (done, list)
}

/// The backends whose connections succeeded.
fn backends_in_order(list: &[Value]) -> Vec<&str> {
    let own = list.iter().filter(|one| one["ok"] == true);
    own.filter_map(|one| one["what"].as_str()?.strip_prefix("backend ")).collect()
}

#[test]
fn a_credential_that_works_is_told_from_one_that_does_not() {
    let server = Server::start();
    let right =
        |pointer: &str| server.credentials.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let url = |system: &str| format!("{}/{system}", server.url);
    let (done, list) = connect(&configuration(right, url));
    assert_eq!(done.status, Some(0), "{}", done.out);
    assert_eq!(list.len(), 2 * systems().count(), "{}", done.out);
    let wrong = |_: &str| "hunter2hunter2hunter2hunter2hunter2hunter2".to_owned();
    let (done, list) = connect(&configuration(wrong, url));
    assert_eq!(done.status, Some(1), "{}", done.out);
    assert_eq!(backends_in_order(&list), Vec::<&str>::new(), "{}", done.out);
}

#[test]
fn a_server_that_is_something_else_is_not_in_order() {
    let answers = [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot found",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnull",
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ];
    for answer in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _read = stream.read(&mut [0; 4096]);
                let _written = stream.write_all(answer.as_bytes());
            }
        });
        let (done, list) = connect(&configuration(|_| "abc".to_owned(), |_| url.clone()));
        assert_eq!(done.status, Some(1), "{answer}: {}", done.out);
        assert_eq!(backends_in_order(&list), Vec::<&str>::new(), "{answer}: {}", done.out);
    }
}

#[test]
fn what_cannot_be_reached_is_said() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let directory = "[directory]\nurl = \"ldap://127.0.0.1:1\"\nuser_base_dn = \"dc=example\"\n";
    let text = configuration(|_| "hunter2".to_owned(), |_| format!("http://{free}"));
    let (done, list) = connect(&(text + directory));
    assert_eq!(done.status, Some(1), "{}", done.out);
    assert_eq!(list.len(), 2 * systems().count() + 1, "{}", done.out);
    for connection in list {
        assert_eq!(connection["ok"], false, "{connection}");
        assert!(!connection["problem"].as_str().unwrap().is_empty());
    }
}
