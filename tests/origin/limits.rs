//! Time limits on streamed bodies, and on clients that do not read.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::connections::is_open;
use serde_json::json;

use crate::gateway::{GatewayProcess, Plan, get, rpc};
use crate::recorder::Recorder;

/// The limits under test are short. The limit on a whole request is long.
const SHORT: &str =
    "idle_timeout_ms = 500\nwebsocket_idle_timeout_ms = 1500\nrequest_timeout_ms = 300000\n";
const LONG_AT_ORIGIN: &str = "timeout_ms = 300000\n";
/// The time in which a limit of half a second must take effect on a busy machine. Every other limit
/// is longer.
const TIMEOUT: Duration = Duration::from_mins(2);

/// An origin that sends these bytes and then nothing more. Its connection stays open.
fn silent(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let _read = stream.read(&mut buffer).unwrap();
            stream.write_all(answer).unwrap();
            kept.push(stream);
        }
    });
    url
}

/// The bytes that arrive until the gateway closes.
fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let (start, mut all) = (Instant::now(), Vec::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return all,
            Err(error) => panic!("still open: {error}"),
        }
        assert!(start.elapsed() < TIMEOUT, "it never ends");
    }
}

/// Waits until the gateway has closed its end of a connection, while its client reads nothing.
fn await_end(gateway: &GatewayProcess, stream: &TcpStream) {
    let (own, peer) = (gateway.address.parse().unwrap(), stream.local_addr().unwrap());
    let start = Instant::now();
    while is_open(own, peer) {
        assert!(start.elapsed() < Duration::from_mins(1), "the gateway waits for the client");
        thread::sleep(Duration::from_millis(20));
    }
}

fn gateway(dialect: &str, origin: &str) -> GatewayProcess {
    let (server, more) = (SHORT, LONG_AT_ORIGIN);
    GatewayProcess::with(&Plan { dialect, origin, more, server, ..Plan::default() })
}

#[test]
fn bodies_that_never_end_are_ended() {
    let origin = Recorder::start();
    let gateway = gateway("octoprint", &origin.url);
    let mut streams: Vec<_> = (0..40).map(|_| gateway.connect()).collect();
    for stream in &mut streams {
        let head = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc";
        stream.write_all(head.as_bytes()).unwrap();
    }
    let start = Instant::now();
    for stream in &mut streams {
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        until_closed(stream);
    }
    assert!(start.elapsed() < TIMEOUT);
    let arrived = origin.arrived(40);
    assert!(arrived.len() == 40 && arrived.iter().all(|one| one.body.is_none()));
}

#[test]
fn an_origin_that_falls_silent_is_given_up() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"] {
        let gateway = gateway("octoprint", &silent(answer));
        let mut stream = gateway.connect();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.write_all(get("/page", "").as_bytes()).unwrap();
        let got = String::from_utf8(until_closed(&mut stream)).unwrap();
        let expected = if answer.is_empty() { "HTTP/1.1 50" } else { "HTTP/1.1 200" };
        assert!(got.starts_with(expected), "{got}");
    }
}

/// On a busy machine a pause can last longer than intended, so each try has longer pauses.
#[test]
fn a_body_that_goes_on_is_not_ended() {
    let tries = [50, 200, 800].map(Duration::from_millis);
    assert!(tries.into_iter().any(arrives_whole), "it is ended while it goes on");
}

/// Whether a body of sixteen pieces arrives whole. Each pause is an eighth of the limit on idle
/// connections, so all pauses together are longer than the limit.
fn arrives_whole(pause: Duration) -> bool {
    let origin = Recorder::patient();
    let server = format!("idle_timeout_ms = {}\n", 8 * pause.as_millis());
    let plan =
        Plan { dialect: "octoprint", origin: &origin.url, server: &server, ..Plan::default() };
    let gateway = GatewayProcess::with(&plan);
    let mut stream = gateway.connect();
    let head =
        "POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 16\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..16 {
        thread::sleep(pause);
        if stream.write_all(b"x").is_err() {
            return false;
        }
    }
    until_closed(&mut stream);
    origin.arrived(1)[0].body.as_deref() == Some(&b"xxxxxxxxxxxxxxxx"[..])
}

#[test]
fn a_websocket_may_rest_for_longer_but_not_for_ever() {
    let gateway = gateway(
        "octoprint",
        &silent(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    );
    let mut stream = gateway.connect();
    let ask = "GET /sockjs/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let start = Instant::now();
    let head = String::from_utf8(until_closed(&mut stream)).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(start.elapsed() > Duration::from_millis(1200), "it was not given its time");
}

#[test]
fn clients_that_do_not_read_are_let_go() {
    // The batch is long and the machine may be busy, so only the limit on idle connections is
    // short.
    let server = "idle_timeout_ms = 500\nrequest_timeout_ms = 300000\n";
    let plan = Plan { dialect: "kanboard", server, people: 20, ..Plan::default() };
    let gateway = GatewayProcess::with(&plan);
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "getAllUsers"});
    let batch = json!(vec![call; 40]).to_string();
    let mut streams: Vec<_> = (0..2).map(|_| gateway.connect()).collect();
    for stream in &mut streams {
        // On a busy machine the batch itself takes long.
        stream.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
        stream.write_all(rpc(&batch).as_bytes()).unwrap();
    }
    let mut first = [0; 512];
    for stream in &mut streams {
        stream.read_exact(&mut first).unwrap();
    }
    let head = String::from_utf8_lossy(&first).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let length: usize = length.trim().parse().unwrap();
    assert!(length > 12 << 20, "{length} bytes fit into the sockets: nothing is shown");
    for stream in &mut streams {
        await_end(&gateway, stream);
        let rest = until_closed(stream).len();
        assert!(rest + 1024 < length, "the gateway waited: {rest} of {length}");
    }
}

#[test]
fn a_second_head_that_never_ends_is_not_waited_for() {
    let gateway = GatewayProcess::with(&Plan {
        dialect: "octoprint",
        server: "head_timeout_ms = 500\nidle_timeout_ms = 300000\nrequest_timeout_ms = 300000\n",
        ..Plan::default()
    });
    let mut stream = gateway.connect();
    stream.write_all(b"GET /api/version HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    thread::sleep(Duration::from_millis(300));
    stream.write_all(b"GET /api").unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let start = Instant::now();
    until_closed(&mut stream);
    assert!(start.elapsed() < TIMEOUT);
}
