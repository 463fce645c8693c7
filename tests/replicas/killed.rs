//! One of two gateways is killed under load.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use isogloss_testkit::calls::answers::Class;

use crate::caller::{Caller, about, class, dialect_with};
use crate::relay::Relay;
use crate::site::{Gateway, Site};

const CLIENTS: usize = 4;
/// How many teams each client creates.
const EACH: usize = 60;

/// Creates a team, and tries again after a broken connection, as a client would. Answers how many
/// connections broke.
fn create(boss: &Caller, gateway: &str, name: &str) -> usize {
    let calls = dialect_with(&["create_team", "list_teams"]);
    for broken in 0..20 {
        let Ok(answer) = boss.calls(gateway, calls, "create_team", &about(&[("team", name)]))
        else {
            continue;
        };
        // The answer to an attempt before may have been lost: then the team is there.
        let is_done = class(calls, &answer) == Class::Done;
        assert!(is_done || (broken > 0 && answer.status < 500), "{}", answer.text());
        return broken;
    }
    panic!("{name} was never created");
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn a_gateway_that_is_killed_under_load_loses_nothing() {
    let site = Site::shared();
    let boss = site.administrator();
    let mut gateways = ["one", "two"].map(|name| site.serve(name, "gateway.toml"));
    let address = |gateway: &Gateway| gateway.url.trim_start_matches("http://").parse().unwrap();
    let relay = Relay::to(gateways.iter().map(address).collect());
    let (told, broken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (url, boss) = (&relay.url(), &boss);
    let (told, broken) = (&told, &broken);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                for number in 0..EACH {
                    let retried = create(boss, url, &format!("p{client}-{number}"));
                    broken.fetch_add(retried, Ordering::SeqCst);
                    told.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while told.load(Ordering::SeqCst) < CLIENTS * EACH / 4 {
            thread::yield_now();
        }
        gateways[0].kill();
    });
    let calls = dialect_with(&["create_team", "list_teams"]);
    let answer = boss.calls(&gateways[1].url, calls, "list_teams", &about(&[])).unwrap();
    let teams = calls.teams.as_ref().unwrap().of(&answer.json.unwrap()).unwrap();
    let names: Vec<_> = teams.iter().map(|team| team.name.as_str()).collect();
    let once: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), once.len(), "nothing is there twice");
    assert_eq!(names.len(), CLIENTS * EACH, "everything is there");
    // Each client had a request at the gateway that was killed, and perhaps another one while the kernel
    // was ending the process.
    assert!(broken.load(Ordering::SeqCst) <= 2 * CLIENTS, "{broken:?} broken connections");
}
