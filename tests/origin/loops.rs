//! Two gateways, each of which is the origin of the other. A request passes each gateway once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::gateway::{GatewayProcess, Plan, get, rpc};

/// Forwards bytes to an address, and counts the request heads with the gateway's `Via`.
struct Relay {
    url: String,
    target: Arc<OnceLock<String>>,
    heads: Arc<AtomicUsize>,
}

impl Relay {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (target, heads) = (Arc::new(OnceLock::<String>::new()), Arc::new(AtomicUsize::new(0)));
        let (to, count) = (Arc::clone(&target), Arc::clone(&heads));
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                let onward = TcpStream::connect(to.get().unwrap()).unwrap();
                let back = (onward.try_clone().unwrap(), from.try_clone().unwrap());
                thread::spawn(move || pass(back.0, back.1, |_| ()));
                let count = Arc::clone(&count);
                thread::spawn(move || {
                    pass(from, onward, |piece| {
                        let text = String::from_utf8_lossy(piece).to_lowercase();
                        count.fetch_add(text.matches("\r\nvia: ").count(), Ordering::SeqCst);
                    });
                });
            }
        });
        Self { url, target, heads }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, seen: impl Fn(&[u8])) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        seen(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

/// How many times one request went from the first gateway to the second.
fn hops(dialect: &str, request: &str) -> usize {
    let relay = Relay::start();
    let first = GatewayProcess::start(dialect, &relay.url);
    let origin = format!("http://{}", first.address);
    let server = "request_timeout_ms = 3000\n";
    let second =
        GatewayProcess::with(&Plan { dialect, origin: &origin, server, ..Plan::default() });
    relay.target.set(second.address.clone()).unwrap();
    let answer = first.send(request);
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    relay.heads.load(Ordering::SeqCst)
}

#[test]
fn a_call_goes_around_once() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"createTask"}"#;
    assert_eq!(hops("kanboard", &rpc(call)), 1);
    assert_eq!(hops("kanboard", &rpc(&format!("[{call}]"))), 1);
    let body = r#"{"id":1,"auth_token":"x","method":"of_a_plugin","args":{}}"#;
    let call = format!(
        "POST /_admin/api HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(hops("rhodecode", &call), 1);
}

#[test]
fn a_page_goes_around_once_however_many_via_headers_there_are() {
    let more = "Via: 1.1 one\r\nVia: 1.0 two (a comment, with a comma), 1.1 three\r\n";
    for dialect in ["octoprint", "kanboard", "dandelion"] {
        assert_eq!(hops(dialect, &get("/some/page", "")), 1);
        assert_eq!(hops(dialect, &get("/some/page", more)), 1);
    }
}
