//! Request heads that another server could read in another way, and the log bytes that a request
//! without credentials may cost.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::gateway::{GatewayProcess, get, rpc};
use crate::recorder::Recorder;

/// Reads the whole answer of the recorder, so that no request is in progress when the next one is
/// sent.
fn whole_answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nok") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(char::from(byte[0]));
    }
    answer
}

#[test]
fn a_bare_line_feed_ends_no_line() {
    let origin = Recorder::patient();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    for request in [
        "GET /page HTTP/1.1\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /page HTTP/1.1\r\nHost: a\nConnection: close\r\n\r\n",
        "GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\n\r\n",
        "GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\n",
        "\nGET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        let answer = gateway.send(request);
        assert!(answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
    for first in [
        "POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\nb",
        "POST /page HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\nb\r\n0\r\n\r\n",
    ] {
        let mut stream = gateway.connect();
        stream.write_all(first.as_bytes()).unwrap();
        let answer = whole_answer(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 200"), "{first:?}: {answer}");
        stream.write_all(b"GET /page HTTP/1.1\nHost: a\r\n\r\n").unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("HTTP/1.1 400"), "{first:?}: {rest}");
    }
    let arrived = origin.arrived(2);
    let bodies: Vec<_> = arrived.iter().map(|one| one.body.clone().unwrap()).collect();
    assert_eq!(bodies, [b"a\nb".to_vec(), b"a\nb".to_vec()], "a body was changed");
}

#[test]
fn lines_that_end_as_they_should_are_read() {
    let origin = Recorder::patient();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let mut stream = gateway.connect();
    // The requests are sent in pieces, one after the other on one connection, with bodies that look
    // like heads. Each one waits for the answer to the one before. A server may close a connection
    // after an answer if several requests were sent together, and this gateway does.
    for request in [
        "\r\nPOST /page HTTP/1.1\r\nHost: a\r\nContent-Length:   5\r\n\r\n\n\n\r\n\n",
        "POST /page HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n\
         5;x=y\r\n\n\n\r\n\n\r\n0\r\n\r\n",
        "GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        for piece in request.as_bytes().chunks(7) {
            stream.write_all(piece).unwrap();
            stream.flush().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let answer = whole_answer(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 200"), "{request:?}: {answer}");
    }
    let bodies: Vec<_> = origin.arrived(3).into_iter().map(|one| one.body.unwrap()).collect();
    assert_eq!(bodies, [b"\n\n\r\n\n".to_vec(), b"\n\n\r\n\n".to_vec(), Vec::new()]);
}

#[test]
fn a_trace_is_not_passed_on() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    for method in ["TRACE", "trace", "TRACK"] {
        let answer = gateway.send(&get("/page", "Cookie: secret\r\n").replace("GET", method));
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
        assert!(!answer.contains("secret"), "{answer}");
    }
    for target in ["*", "people.example:80"] {
        let answer = gateway.send(&get(target, "").replace("GET", "OPTIONS"));
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let answer = gateway.send(&get("people.example:80", "").replace("GET", "CONNECT"));
    assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
    assert!(origin.arrived_by_now().is_empty());
}

#[test]
fn a_body_that_is_declared_too_long_is_refused_before_it_is_sent() {
    let gateway = GatewayProcess::start("octoprint", "");
    for expect in ["Expect: 100-continue\r\n", ""] {
        let answer = gateway.send(&format!(
            "POST /api/login HTTP/1.1\r\nHost: a\r\n{expect}Content-Length: 100000000\r\n\r\n"
        ));
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let gateway = GatewayProcess::start("rhodecode", "");
    let answer = gateway.send(
        "POST /_admin/api HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn a_body_that_is_waited_for_is_asked_for() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"getAllUsers"}"#;
    let request =
        rpc(body).replace("Connection: close", "Expect: 100-continue\r\nConnection: close");
    let (head, _) = request.split_at(request.len() - body.len());
    for (head, expected) in [
        (head.to_owned(), "jsonrpc"),
        // An upload that is forwarded may have any length.
        (
            format!(
                "POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            ),
            "ok",
        ),
    ] {
        let mut stream = gateway.connect();
        stream.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 25];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(expected), "{answer}");
    }
}

#[test]
fn anonymous_requests_write_little_to_the_log() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("octoprint", &origin.url);
    let before = gateway.log().len();
    for _ in 0..50 {
        gateway.send("nonsense\r\n\r\n");
        gateway.send("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n");
    }
    let bad = gateway.log().len() - before;
    assert!(bad < 1000, "100 bad heads wrote {bad} bytes:\n{}", gateway.log());
    let before = gateway.log().len();
    let long: String = "/short".repeat(5000);
    for path in ["/api/version", "/page"] {
        gateway.send(&get(&format!("{path}{long}"), ""));
        gateway.send(&get(path, "").replace("GET", &"G".repeat(30_000)));
    }
    let log = gateway.log();
    let wrote = log.len() - before;
    assert!(wrote < 4 * 1000, "4 requests wrote {wrote} bytes:\n{}", &log[before..before + 2000]);
}

#[test]
fn errors_about_what_is_passed_on_are_short() {
    let long = "a".repeat(20_000);
    let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for dialect in ["octoprint", "rhodecode", "kanboard", "dandelion"] {
        let gateway = GatewayProcess::start(dialect, "http://127.0.0.1:9");
        let body = format!(
            r#"{{"id":["{long}",{nested}],"jsonrpc":"2.0","auth_token":"x","method":"m{long}","args":{{}}}}"#
        );
        let call = |path: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        for request in [
            call("/jsonrpc.php"),
            call("/_admin/api"),
            get(&format!("/{long}"), ""),
            get(&format!("/%61{long}"), ""),
        ] {
            let answer = gateway.send(&request);
            assert!(answer.starts_with("HTTP/1.1 "), "{dialect}: {answer}");
            assert!(answer.len() < 2000, "{dialect}: {} bytes: {}", answer.len(), &answer[..500]);
            let absent = answer.starts_with("HTTP/1.1 404") && !request.contains("%61");
            assert!(!absent, "{dialect}: what could not be asked for is not missing: {answer}");
        }
    }
}
