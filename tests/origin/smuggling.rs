//! Request smuggling: the bytes of one client never become part of another client's request. The
//! origin receives exactly what each client sent, and a connection that is out of step is not used
//! again.

use std::io::Write;

use crate::gateway::{GatewayProcess, get};
use crate::recorder::{Arrived, Recorder};

const VICTIM: &str = "/victim.html";

/// A client whose head must arrive unchanged after the attack.
fn victim_is_whole(gateway: &GatewayProcess, origin: &Recorder, before: usize) -> Vec<Arrived> {
    for _ in 0..3 {
        let answer = gateway.send(&get(VICTIM, "Cookie: session=secret\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let arrived = origin.arrived(before + 3);
    let asked: Vec<_> = arrived.iter().map(Arrived::asks).collect();
    assert_eq!(asked.len(), before + 3, "{asked:?}");
    for one in &arrived[before..] {
        assert_eq!(one.asks(), format!("GET {VICTIM}"), "{asked:?}");
        assert_eq!(one.body.as_deref(), Some(&b""[..]), "{one:?}");
    }
    arrived
}

#[test]
fn an_upgrade_that_is_no_websocket_goes_with_its_body_and_without_the_upgrade() {
    for more in
        ["Upgrade: x\r\nConnection: upgrade, close\r\n", "Upgrade: h2c\r\nConnection: close\r\n"]
    {
        let origin = Recorder::start();
        let gateway = GatewayProcess::start("octoprint", &origin.url);
        let attack = format!(
            "GET /index.html HTTP/1.1\r\nHost: a\r\n{more}Content-Length: 10\r\n\r\n0123456789"
        );
        gateway.send(&attack);
        let arrived = victim_is_whole(&gateway, &origin, 1);
        assert_eq!(arrived[0].body.as_deref(), Some(&b"0123456789"[..]), "{:?}", arrived[0]);
        let head = arrived[0].head.to_lowercase();
        assert!(!head.contains("upgrade") && head.contains("content-length: 10"), "{head}");
    }
}

#[test]
fn a_smuggled_request_is_never_run() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let inner = "DELETE /api/files/local/a.gcode HTTP/1.1\r\nHost: a\r\n\r\n";
    for upgrade in ["x", "websocket"] {
        gateway.send(&format!(
            "GET /index.html HTTP/1.1\r\nHost: a\r\nUpgrade: {upgrade}\r\n\
             Connection: upgrade, close\r\nContent-Length: {}\r\n\r\n{inner}",
            inner.len()
        ));
    }
    let arrived = victim_is_whole(&gateway, &origin, 1);
    assert_eq!(arrived[0].body.as_deref(), Some(inner.as_bytes()), "{:?}", arrived[0]);
}

#[test]
fn a_websocket_with_a_body_is_refused() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let upgrade = "Host: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n";
    for method in ["GET", "POST"] {
        let answer = gateway.send(&format!(
            "{method} /sockjs/websocket HTTP/1.1\r\n{upgrade}Content-Length: 10\r\n\r\n0123456789"
        ));
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    // Chunks contain their own lengths, so this is a normal request.
    let answer = gateway.send(&format!(
        "POST /chunks HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        upgrade.replace("upgrade\r\n", "upgrade, close\r\n")
    ));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let arrived = victim_is_whole(&gateway, &origin, 1);
    assert_eq!(arrived[0].body.as_deref(), Some(&b"abc"[..]), "{:?}", arrived[0]);
    assert!(!arrived[0].head.to_lowercase().contains("upgrade"), "{:?}", arrived[0]);
}

#[test]
fn an_upgrade_on_a_path_of_the_dialects_own_is_answered() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let answer = gateway.send(
        "GET /api/version HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(origin.arrived_by_now().is_empty());
}

#[test]
fn a_get_with_chunks_goes_with_its_body() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    gateway.send(
        &get("/chunks", "Transfer-Encoding: chunked\r\n")
            .replace("\r\n\r\n", "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    );
    let arrived = victim_is_whole(&gateway, &origin, 1);
    assert_eq!(arrived[0].body.as_deref(), Some(&b"abc"[..]), "{:?}", arrived[0]);
}

#[test]
fn a_body_that_breaks_off_takes_its_connection_with_it() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let mut stream = gateway.connect();
    let head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n0123456789";
    stream.write_all(head.as_bytes()).unwrap();
    origin.await_heads(1);
    drop(stream);
    let arrived = victim_is_whole(&gateway, &origin, 1);
    assert_eq!(arrived[0].body, None, "{:?}", arrived[0]);
    assert!(arrived[1..].iter().all(|one| one.connection != arrived[0].connection));
}

#[test]
fn an_answer_that_switches_unasked_is_an_error() {
    let origin = Recorder::answering(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    );
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let plain = gateway.send(&get("/page", ""));
    assert!(plain.starts_with("HTTP/1.1 50"), "{plain}");
    let other =
        "GET /page HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let other = gateway.send(other);
    assert!(other.starts_with("HTTP/1.1 50"), "a switch to something else was passed on: {other}");
    let arrived = origin.arrived(2);
    assert_ne!(arrived[0].connection, arrived[1].connection);
}

#[test]
fn hop_by_hop_headers_are_dropped_whichever_connection_header_names_them() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    gateway.send(&get(
        "/page",
        "Connection: x-one\r\nX-One: 1\r\nX-Two: 2\r\nConnection: , X-Two\r\n",
    ));
    let head = origin.arrived(1)[0].head.to_lowercase();
    assert!(!head.contains("x-one") && !head.contains("x-two"), "{head}");
}

#[test]
fn what_the_origin_names_as_hop_by_hop_stays_here() {
    let origin = Recorder::answering(
        "HTTP/1.1 200 OK\r\nConnection: x-one\r\nX-One: 1\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nok",
    );
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let answer = gateway.send(&get("/page", "")).to_lowercase();
    assert!(answer.contains("x-two: 2") && !answer.contains("x-one"), "{answer}");
}

#[test]
fn an_answer_that_is_left_unread_is_nobody_elses() {
    let origin = Recorder::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    for number in 1..=3 {
        let mut stream = gateway.connect();
        stream.write_all(get("/page", "").as_bytes()).unwrap();
        origin.await_heads(number);
    }
    let mut connections: Vec<_> = origin.arrived(3).iter().map(|one| one.connection).collect();
    connections.dedup();
    assert_eq!(connections.len(), 3, "a connection with half an answer was used again");
}

#[test]
fn bytes_after_an_answer_are_nobodys_answer() {
    let origin = Recorder::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    );
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    for _ in 0..10 {
        let answer = gateway.send(&get("/page", ""));
        assert!(!answer.contains("evil"), "{answer}");
    }
}
