//! Crash rounds: a gateway or the database server is killed under mixed load of all dialects, with the
//! users in the store or in a remote system. Nothing that was acknowledged is lost, nobody is there by
//! halves, and the gateway answers again by itself.
//!
//! `TEST_CRASH_ROUNDS=N` sets the number of rounds of each trial.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use isogloss::registry;
use isogloss_testkit::gateway::Gateway as System;
use isogloss_testkit::postgres::Postgres;
use isogloss_testkit::profile::Setup;
use serde_json::json;

use crate::caller::{Caller, Heard, dialect_of_passwords, dialects};
use crate::load::{Done, Fate, PASSWORD};
use crate::site::{Gateway, PROGRAM, Site, until};

/// The number of rounds in `./test`.
const ROUNDS: u64 = 2;
/// The most requests that are acknowledged before the crash of a round, and the fewest.
const MOST: u64 = 24;
const FEWEST: u64 = 6;
/// The application key of the remote system.
const KEY: &str = "b8c1f2d3e4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d";

fn rounds() -> u64 {
    let asked = std::env::var_os("TEST_CRASH_ROUNDS").and_then(|text| text.into_string().ok());
    asked.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

/// How many acknowledged requests a round waits for. The seed is the number of the round.
fn threshold(round: u64) -> usize {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    usize::try_from(FEWEST + mixed % (MOST - FEWEST)).unwrap()
}

/// What is killed, and everything around it.
struct Test {
    server: Postgres,
    site: Site,
    caller: Caller,
    /// The system, and its name.
    system: Option<(System, &'static str)>,
    gateway: Option<Gateway>,
}

impl Test {
    fn on_the_store() -> Self {
        let server = Postgres::start(&[]).unwrap();
        let site = Site::on(&server);
        let caller = site.administrator();
        Self { server, site, caller, system: None, gateway: None }
    }

    /// On a system whose administrator's key is an application's.
    fn on_a_system() -> Self {
        let systems = registry::remotes().map(|(adapter, _)| adapter);
        let name = systems.into_iter().find(|adapter| adapter.application_key).unwrap().name;
        let accounts = json!({
            "users": [{"username": "admin", "password": "the first secret", "admin": true,
                "email": "admin@example.org"}],
            "application_keys": [{"dialect": name, "value": KEY}],
        });
        let setup = Setup { dialect: name.to_owned(), accounts, ..Setup::default() };
        let system = System::as_system(Path::new(PROGRAM), &setup).unwrap();
        let server = Postgres::start(&[]).unwrap();
        let site = Site::on(&server);
        site.join((name, &system.url, KEY));
        let mut caller = Caller::default();
        for calls in dialects() {
            if calls.dialect == name {
                caller = caller.with(calls, calls.application.as_deref().unwrap(), KEY);
            } else {
                let key = site.key(&["admin", "--backend", "people"], &calls.dialect);
                caller = caller.with(calls, "admin", &key);
            }
        }
        Self { server, site, caller, system: Some((system, name)), gateway: None }
    }

    /// Runs the rounds. `crash` kills something, and starts it again.
    fn run(mut self, what: &str, crash: fn(&mut Self)) {
        let done = Done::default();
        for round in 0..rounds() {
            if self.gateway.is_none() {
                self.gateway = Some(self.site.serve("one", "gateway.toml"));
            }
            let url = self.gateway.as_ref().unwrap().url.clone();
            let wanted = done.acknowledged() + threshold(round);
            done.set_over(false);
            let (caller, load) = (self.caller.clone(), &done);
            thread::scope(|scope| {
                for calls in dialects() {
                    let (caller, url) = (&caller, url.as_str());
                    scope.spawn(move || load.work(caller, url, (round, calls)));
                }
                until("the load is acknowledged", || load.acknowledged() >= wanted);
                crash(&mut self);
                load.set_over(true);
            });
            self.check(&done, &format!("{what}, round {round}"));
        }
    }

    /// All dialects show the same users: everybody who was acknowledged, and nobody who was deleted.
    fn check(&self, done: &Done, round: &str) {
        let url = &self.gateway.as_ref().unwrap().url;
        let all: Vec<_> = dialects().iter().map(|calls| self.caller.names(url, calls)).collect();
        for (calls, names) in dialects().iter().zip(&all) {
            assert_eq!(names, &all[0], "{round}: {} shows other users", calls.dialect);
        }
        if let Some((system, name)) = &self.system {
            let calls = dialects().iter().find(|calls| calls.dialect == *name).unwrap();
            assert_eq!(self.caller.names_in(&system.url, calls), all[0], "{round}");
        }
        let fates = done.fates();
        for (name, fate) in &fates {
            let is_there = all[0].contains(name);
            let is_right = match fate {
                Fate::There => is_there,
                Fate::Gone => !is_there,
                Fate::Unknown => true,
            };
            assert!(is_right, "{round}: {name} is {fate:?} and shown: {is_there}");
        }
        let known: BTreeSet<_> = fates.keys().cloned().chain(["admin".to_owned()]).collect();
        assert!(all[0].is_subset(&known), "{round}: {:?}", all[0].difference(&known));
        // Somebody who was acknowledged has a password, too.
        if let Some((name, _)) = fates.iter().rev().find(|(_, fate)| **fate == Fate::There) {
            let calls = dialect_of_passwords();
            let login = self.caller.clone().with(calls, name, PASSWORD);
            assert_eq!(login.me(url, calls), json!(name), "{round}");
        }
    }

    fn answers_again(&self, what: &str) {
        let url = &self.gateway.as_ref().unwrap().url;
        let took = until(what, || {
            dialects().iter().all(|calls| self.caller.asks(url, calls) == Heard::Everybody)
        });
        eprintln!("{what}: all dialects answer after {took:?}");
    }
}

/// Kills the gateway, and starts another one with the same data directory.
fn the_gateway(test: &mut Test) {
    test.gateway.take().unwrap().kill();
    test.gateway = Some(test.site.serve("one", "gateway.toml"));
    test.answers_again("a killed gateway");
}

/// Stops the database server as a crash does, and starts it again. The gateway is not restarted.
fn the_server(test: &mut Test) {
    test.server.stop().unwrap();
    test.server.launch().unwrap();
    test.answers_again("a killed database server");
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn a_killed_gateway_loses_nothing_of_the_store() {
    Test::on_the_store().run("gateway, store", the_gateway);
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn a_killed_gateway_loses_nothing_of_a_system() {
    Test::on_a_system().run("gateway, system", the_gateway);
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn a_killed_database_server_loses_nothing_of_the_store() {
    Test::on_the_store().run("server, store", the_server);
}

#[test]
#[ignore = "needs PostgreSQL; scripts/with-postgres"]
fn a_killed_database_server_loses_nothing_of_a_system() {
    Test::on_a_system().run("server, system", the_server);
}
