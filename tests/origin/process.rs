//! Signals to the process, and standard streams without a reader.

use std::process::Stdio;
use std::time::Duration;

use crate::gateway::{GatewayProcess, Plan, command, get, prepare};

const SOON: Duration = Duration::from_mins(1);

fn answers(gateway: &GatewayProcess) {
    let answer = gateway.send(&get("/api/version", ""));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn signals_that_ask_for_nothing_end_nothing() {
    let mut gateway = GatewayProcess::start("octoprint", "");
    for name in ["HUP", "USR1", "USR2", "PIPE", "ALRM", "XFSZ", "VTALRM", "PROF", "IO", "PWR"] {
        gateway.signal(name);
        answers(&gateway);
    }
    gateway.await_log("SIGHUP");
    answers(&gateway);
    assert!(!gateway.log().contains("stopping"), "{}", gateway.log());
    gateway.signal("QUIT");
    assert!(gateway.ends_within(SOON), "SIGQUIT does not end it");
    let ended = gateway.child.wait().unwrap();
    assert!(ended.success(), "it was killed: {ended}");
    assert!(gateway.log().contains("stopped"), "{}", gateway.log());
}

/// A pipe whose reader has closed.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Stdio::from(writer)
}

#[test]
fn nobody_has_to_read_the_log() {
    for signal in ["TERM", "INT"] {
        let folder = prepare(&Plan { dialect: "octoprint", ..Plan::default() });
        let mut serve = command(&folder, &["serve", "--log-level", "trace"]);
        let child = serve.stdout(Stdio::piped()).stderr(unread()).spawn().unwrap();
        let mut gateway = GatewayProcess::of(child, folder);
        for _ in 0..20 {
            answers(&gateway);
        }
        gateway.signal(signal);
        assert!(gateway.ends_within(SOON), "SIG{signal} does not end it");
    }
}

#[test]
fn a_log_whose_reader_has_fallen_asleep_delays_nothing() {
    let folder = prepare(&Plan { dialect: "octoprint", ..Plan::default() });
    let (reader, writer) = std::io::pipe().unwrap();
    let mut serve = command(&folder, &["serve", "--log-level", "trace"]);
    let child = serve.stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
    drop(serve);
    let mut gateway = GatewayProcess::of(child, folder);
    for _ in 0..300 {
        answers(&gateway);
    }
    gateway.signal("TERM");
    assert!(gateway.ends_within(SOON), "SIGTERM does not end it");
    drop(reader);
}

#[test]
fn nobody_has_to_hear_where_it_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = prepare(&Plan { dialect: "octoprint", ..Plan::default() });
    let mut serve = command(&folder, &["serve", "--listen", &port.to_string()]);
    let child = serve.stdout(unread()).stderr(unread()).spawn().unwrap();
    let mut gateway = GatewayProcess::at(port.to_string(), child, folder);
    answers(&gateway);
    gateway.signal("TERM");
    assert!(gateway.ends_within(SOON), "SIGTERM does not end it");
}
