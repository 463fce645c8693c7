//! Every refusal of the table again, in front of each system behind a bridge: who may do what is
//! decided in the gateway, so that the system behind changes nothing about it and hears nothing
//! that changes it.
//!
//! The system is its own dialect in front of a store of its own, in process.

use std::sync::Arc;

use isogloss::layers::bridge::Bridge;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};

use super::methods::{APPLICATION, CALLERS, asked, furnished, key};
use super::{Row, part, words};
use crate::bench::{Bench, House, loopback};
use crate::block_on;
use crate::calls::Class;

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for adapter in registry::ADAPTERS {
        for system in registry::ADAPTERS.iter().filter(|system| system.backend.is_some()) {
            let name = format!("authorisation::{}-on-{}", adapter.name, system.name);
            let front = adapter.name;
            trials.push(trial(name, move || block_on(refusals(front, system))));
        }
    }
    trials
}

/// What the table refuses is refused, and the system is as it was.
async fn refusals(dialect: &'static str, system: &'static Adapter) -> Result<(), Failed> {
    let house = furnished().await;
    let (bench, behind) = bridged(&house, system).await;
    let before = (bench.picture().await, behind.picture().await);
    let mut wrong = Vec::new();
    for (method, row) in part::<Row>(dialect) {
        let not_refused: Vec<_> = words(&row.may).union(&words(&row.fails)).copied().collect();
        for caller in CALLERS.into_iter().filter(|caller| !not_refused.contains(caller)) {
            if caller == "application" && !["kanboard", "octoprint"].contains(&dialect) {
                continue;
            }
            let answer = bench.send(asked(dialect, &method, &row, caller)).await;
            if answer.class() != Class::Refused {
                let text: String = answer.text.chars().take(160).collect();
                wrong.push(format!("{method} by {caller}: {} {text}", answer.status));
            }
        }
    }
    if (bench.picture().await, behind.picture().await) != before {
        wrong.push("something was changed".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A bench whose people live in a system, and that system's own bench. Both know the same people.
async fn bridged(house: &House, system: &'static Adapter) -> (Bench, Bench) {
    let behind = house.open().await;
    let mut bench = house.open().await;
    let namespace = IdNamespace::named(system.name);
    let secret = if system.application_key { APPLICATION.to_owned() } else { key("admin") };
    let reached = loopback(&behind, system, &secret);
    let bridge = Bridge::new(reached, &bench.store, (namespace, system.users));
    bench.backend = Arc::new(bridge);
    (bench, behind)
}
