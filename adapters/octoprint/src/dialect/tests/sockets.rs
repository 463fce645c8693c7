//! The socket without a gateway: its heartbeat, and an outage.

use isogloss_canonical::command::Command;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::socket::{Event, Reaction, Socket};

use super::*;

const AUTH: &str = r#"["{\"auth\":\"admin:abc\"}"]"#;

fn gateway() -> Script {
    Script::person(admin(), Proof::Vouched).answering(|command| {
        if matches!(command, Command::ListGroups(_)) {
            Ok(Outcome::Groups(Vec::new()))
        } else {
            Err(Fault::new(FaultKind::Unexpected, "not scripted"))
        }
    })
}

fn asked(path: &str) -> Request {
    Request::to("GET", path)
        .with("host", "a")
        .with("connection", "Upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

fn open(path: &str, script: &Script) -> Option<Box<dyn Socket>> {
    dialect_of("1.11", &json!({})).socket(&asked(path), script)
}

#[test]
fn a_heartbeat_comes_in_the_frames_of_sockjs_only() {
    for (path, beat) in
        [("/sockjs/1/abc/websocket", vec!["h".to_owned()]), ("/sockjs/websocket", vec![])]
    {
        let script = gateway();
        let mut socket = open(path, &script).unwrap();
        assert_eq!(socket.period().as_secs(), 25);
        assert!(matches!(now(socket.react(Event::Opened, &script)), Reaction::Say(_)));
        assert_eq!(now(socket.react(Event::Elapsed, &script)), Reaction::Say(beat), "{path}");
    }
}

/// A client that is told "stale" would sign in again in vain.
#[test]
fn an_outage_ends_the_connection_and_not_the_session() {
    let script = gateway();
    let mut socket = open("/sockjs/1/abc/websocket", &script).unwrap();
    let stale = vec!["a[{\"reauthRequired\":{\"reason\":\"stale\"}}]".to_owned()];
    assert_eq!(now(socket.react(Event::Heard(AUTH), &script)), Reaction::Say(stale));
    for kind in [FaultKind::Unavailable, FaultKind::Timeout, FaultKind::Unexpected] {
        let script = outage(kind, false, false);
        assert_eq!(now(socket.react(Event::Heard(AUTH), &script)), Reaction::End, "{kind:?}");
    }
}

#[test]
fn a_socket_is_where_the_store_is_and_where_it_is_recorded() {
    let path = "/sockjs/1/abc/websocket";
    assert!(open(path, &gateway()).is_some());
    assert!(open(path, &gateway().over_system()).is_none(), "a remote backend has a socket");
    for version in ["1.3", "1.3.0"] {
        let socket = dialect_of(version, &json!({})).socket(&asked(path), &gateway());
        assert!(socket.is_none(), "{version}");
    }
    for path in ["/sockjs/1/a.b/websocket", "/sockjs/1/websocket", "/sockjs/1/a/xhr", "/sockjs"] {
        assert!(open(path, &gateway()).is_none(), "{path}");
    }
}
