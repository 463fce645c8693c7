//! The database server restarts, fails over, or cannot be reached. Each dialect answers with its
//! error for a failure of the server, and goes on when the server is back.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use isogloss_testkit::calls::answers::Class;
use isogloss_testkit::postgres::Postgres;

use crate::caller::{Caller, Heard, about, class, dialect_with, dialects};
use crate::relay::Relay;
use crate::site::{Site, until};

/// What a client sees at most after the server is back. The gateway needs far less; the rest is for a
/// busy machine.
const RECOVERY: Duration = Duration::from_secs(10);

/// Asks in all dialects at once: an outage costs the wait of one request.
fn all(caller: &Caller, gateway: &str) -> Vec<Heard> {
    thread::scope(|scope| {
        let asked: Vec<_> = dialects()
            .iter()
            .map(|calls| scope.spawn(move || caller.asks(gateway, calls)))
            .collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    })
}

fn each(heard: Heard) -> Vec<Heard> {
    vec![heard; dialects().len()]
}

fn back(what: &str, caller: &Caller, gateway: &str) {
    let took = until(what, || all(caller, gateway) == each(Heard::Everybody));
    eprintln!("{what}: answered again after {took:?}");
    assert!(took < RECOVERY, "{what}: {took:?}");
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn a_server_that_restarts_or_fails_over_is_used_again() {
    let mut first = Postgres::start(&[]).unwrap();
    let site = Site::on(&first);
    let standby = first.standby().unwrap();
    let url = format!(
        "postgres://isogloss@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        standby.port(),
        first.port()
    );
    // The standby is named first: the gateway takes the server that writes.
    site.configure("both.toml", &url);
    let boss = site.administrator();
    let gateway = site.serve("one", "both.toml");
    assert_eq!(all(&boss, &gateway.url), each(Heard::Everybody));
    first.stop().unwrap();
    assert_eq!(all(&boss, &gateway.url), each(Heard::Failed), "an outage is never an absence");
    first.launch().unwrap();
    back("a restart", &boss, &gateway.url);

    let calls = dialect_with(&["create"]);
    let created = |name: &str| {
        let values = [("name", name), ("password", "a long password"), ("email", "a@example.org")];
        let answer = boss.calls(&gateway.url, calls, "create", &about(&values)).unwrap();
        assert_eq!(class(calls, &answer), Class::Done, "{}", answer.text());
    };
    created("before");
    let sent = "SELECT COUNT(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()";
    until("the standby has everything", || first.sql("postgres", sent).unwrap().trim() == "1");
    first.stop().unwrap();
    assert_eq!(all(&boss, &gateway.url), each(Heard::Failed));
    standby.promote().unwrap();
    back("a failover", &boss, &gateway.url);
    created("after");
    let count = "SELECT COUNT(*) FROM users WHERE username IN ('before', 'after')";
    assert_eq!(standby.sql("postgres", count).unwrap().trim(), "2");
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn a_gateway_that_is_cut_off_answers_nothing_stale() {
    let site = Site::shared();
    let ada = site.person("ada", "administrator", "the first password");
    let boss = site.administrator();
    let there = site.serve("there", "gateway.toml");
    let config = std::fs::read_to_string(site.path("gateway.toml")).unwrap();
    let (_, rest) = config.split_once("@127.0.0.1:").unwrap();
    let (port, _) = rest.split_once('/').unwrap();
    let server = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
    let relay = Relay::to(vec![server]);
    let port = (format!(":{port}/"), format!(":{}/", relay.port()));
    std::fs::write(site.path("cut.toml"), config.replace(&port.0, &port.1)).unwrap();
    let far = site.serve("far", "cut.toml");
    assert_eq!(all(&ada, &far.url), each(Heard::Everybody));
    relay.cut(true);
    // While it is cut off, ada is deactivated. It does not know that, and does not guess.
    site.ok(&["user", "set", "ada", "--inactive", "--config", "gateway.toml"]);
    assert_eq!(all(&ada, &far.url), each(Heard::Failed));
    assert_eq!(all(&boss, &far.url), each(Heard::Failed));
    assert_eq!(all(&ada, &there.url), each(Heard::Refused));
    relay.cut(false);
    back("a partition", &boss, &far.url);
    assert_eq!(all(&ada, &far.url), each(Heard::Refused));
}
