//! The database server restarts, fails over, or cannot be reached. Each dialect answers with its
//! error for a failure of the server, and goes on when the server is back.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use isogloss_testkit::postgres::Postgres;
use serde_json::json;

use crate::caller::{Caller, DIALECTS, Heard};
use crate::relay::Relay;
use crate::site::{Site, until};

/// What a client sees at most after the server is back. The gateway needs far less; the rest is for a
/// busy machine.
const RECOVERY: Duration = Duration::from_secs(10);

/// Asks in all dialects at once: an outage costs the wait of one request.
fn all(caller: &Caller, gateway: &str) -> [Heard; 4] {
    thread::scope(|scope| {
        DIALECTS
            .map(|dialect| scope.spawn(move || caller.asks(gateway, dialect)))
            .map(|asked| asked.join().unwrap())
    })
}

fn back(what: &str, caller: &Caller, gateway: &str) {
    let took = until(what, || all(caller, gateway) == [Heard::Everybody; 4]);
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
    assert_eq!(all(&boss, &gateway.url), [Heard::Everybody; 4]);
    first.stop().unwrap();
    assert_eq!(all(&boss, &gateway.url), [Heard::Failed; 4], "an outage is never an absence");
    first.launch().unwrap();
    back("a restart", &boss, &gateway.url);

    let created = |name: &str| {
        let params = json!({"username": name, "password": "a long password"});
        let answer = boss.kanboard(&gateway.url, "createUser", &params).unwrap();
        assert!(answer.json.clone().unwrap()["result"].is_number(), "{}", answer.text());
    };
    created("before");
    let sent = "SELECT COUNT(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()";
    until("the standby has everything", || first.sql("postgres", sent).unwrap().trim() == "1");
    first.stop().unwrap();
    assert_eq!(all(&boss, &gateway.url), [Heard::Failed; 4]);
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
    assert_eq!(all(&ada, &far.url), [Heard::Everybody; 4]);
    relay.cut(true);
    // While it is cut off, ada is deactivated. It does not know that, and does not guess.
    site.ok(&["user", "set", "ada", "--inactive", "--config", "gateway.toml"]);
    assert_eq!(all(&ada, &far.url), [Heard::Failed; 4]);
    assert_eq!(all(&boss, &far.url), [Heard::Failed; 4]);
    assert_eq!(all(&ada, &there.url), [Heard::Refused; 4]);
    relay.cut(false);
    back("a partition", &boss, &far.url);
    assert_eq!(all(&ada, &far.url), [Heard::Refused; 4]);
}
