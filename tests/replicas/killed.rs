//! One of two gateways is killed under load.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use crate::caller::Caller;
use crate::relay::Relay;
use crate::site::{Gateway, Site};

const CLIENTS: usize = 4;
/// How many groups each client creates.
const EACH: usize = 60;

/// Creates a group, and tries again after a broken connection, as a client would. Answers how many
/// connections broke.
fn create(boss: &Caller, gateway: &str, name: &str) -> usize {
    for broken in 0..20 {
        let Ok(answer) = boss.kanboard(gateway, "createGroup", &json!({"name": name})) else {
            continue;
        };
        let json = answer.json.clone().unwrap_or_default();
        // The answer to an attempt before may have been lost: then the group is there.
        let is_there = json["result"].is_number() || (broken > 0 && json["result"] == json!(false));
        assert!(is_there, "{}", answer.text());
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
    let answer = boss.kanboard(&gateways[1].url, "getAllGroups", &json!({})).unwrap();
    let groups = answer.json.unwrap()["result"].as_array().unwrap().clone();
    let names: Vec<_> = groups.iter().map(|group| group["name"].as_str().unwrap()).collect();
    let once: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), once.len(), "nothing is there twice");
    assert_eq!(names.len(), CLIENTS * EACH, "everything is there");
    // Each client had at most one request at the gateway that was killed.
    assert!(broken.load(Ordering::SeqCst) <= CLIENTS, "{broken:?} broken connections");
}
