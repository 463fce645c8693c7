//! Answers as an origin frames them: heads without a body, ranges, trailers, early answers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::gateway::{GatewayProcess, get};
use crate::recorder::Recorder;

/// The answer of an origin that sends this, to a client that asks with this verb and version.
fn through(answer: &'static str, verb: &str, version: &str) -> String {
    let origin = Recorder::answering(answer);
    let request = get("/page", "TE: trailers\r\nConnection: TE\r\n");
    let request = request.replacen("GET", verb, 1).replacen("HTTP/1.1", version, 1);
    GatewayProcess::start("octoprint", &origin.url).send(&request).to_lowercase()
}

#[test]
fn a_head_has_the_length_of_the_page_that_it_is_not() {
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
    let answer = through(page, "HEAD", "HTTP/1.1");
    assert!(answer.contains("\r\ncontent-length: 5000\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let bare = through("HTTP/1.1 200 OK\r\nETag: x\r\n\r\n", "HEAD", "HTTP/1.1");
    assert!(!bare.contains("content-length") && bare.contains("etag: x"), "{bare}");
    assert!(!bare.contains("content-type"), "the gateway adds a header: {bare}");
    let unchanged =
        through("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", "HTTP/1.1");
    assert!(
        unchanged.contains("content-length: 9") && unchanged.ends_with("\r\n\r\n"),
        "{unchanged}"
    );
    let nothing = through("HTTP/1.1 204 No Content\r\n\r\n", "DELETE", "HTTP/1.1");
    assert!(!nothing.contains("content-length") && nothing.ends_with("\r\n\r\n"), "{nothing}");
}

#[test]
fn a_part_of_a_page_is_the_part_that_was_asked_for() {
    let answer = through(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\nContent-Length: 3\r\n\r\ncde",
        "GET",
        "HTTP/1.1",
    );
    assert!(answer.contains("content-range: bytes 2-4/9") && answer.ends_with("cde"), "{answer}");
}

const CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
                      3\r\nabc\r\n0\r\nX-Sum: 6\r\nContent-Length: 1\r\n\r\n";

#[test]
fn trailers_come_after_the_last_chunk() {
    let answer = through(CHUNKS, "GET", "HTTP/1.1");
    assert!(answer.contains("\r\ntrailer: x-sum\r\n"), "{answer}");
    assert!(answer.ends_with("3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n"), "{answer}");
}

#[test]
fn a_client_of_http_1_0_gets_no_chunks() {
    let answer = through(CHUNKS, "GET", "HTTP/1.0");
    assert!(answer.ends_with("\r\n\r\nabc") && !answer.contains("chunked"), "{answer}");
}

#[test]
fn a_compressed_body_comes_as_it_is() {
    let packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: \"a\"\r\nContent-Length: 4\r\n\r\n\x1f\x0bzz";
    let origin = Recorder::answering(packed);
    let answer = GatewayProcess::start("octoprint", &origin.url)
        .send(&get("/page", "Accept-Encoding: gzip, br\r\n"));
    assert!(
        answer.contains("content-encoding: gzip") && answer.ends_with("\x1f\x0bzz"),
        "{answer}"
    );
    assert!(origin.arrived(1)[0].head.contains("accept-encoding: gzip, br"));
}

/// An origin that refuses an upload before it has read it.
#[test]
fn an_early_answer_is_not_held_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 64];
        let _read = stream.read(&mut head).unwrap();
        let early = "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly";
        stream.write_all(early.as_bytes()).unwrap();
        // The rest is read and thrown away, as servers do that want their answer to be heard.
        let mut rest = [0; 4096];
        while let Ok(1..) = stream.read(&mut rest) {}
    });
    let gateway = GatewayProcess::start("octoprint", &url);
    let mut stream = gateway.connect();
    let head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"early") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
}
