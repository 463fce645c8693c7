//! Nobody comes into the account of somebody who is gone: people are removed, created, renamed,
//! swapped, chained, disabled and demoted behind the gateway's back, and what they left with the
//! gateway (keys, sessions, remembered passwords, settings, memberships, what they own) must open
//! nothing for whoever has their id or their name now.
//!
//! Every case runs for every kind of system: reused ids or not, names as ids, and with as much proof
//! in a row as the real systems give.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bench;
mod changes;
mod gone;
mod operator;
mod outages;
mod own_work;
mod random;
mod system;
mod teams;

use std::process::ExitCode;

use isogloss_testkit::suite::{self, trial};

use crate::bench::{Bench, Case};
use crate::system::KINDS;

fn main() -> ExitCode {
    let cases: Vec<Case> =
        [gone::CASES, changes::CASES, outages::CASES, own_work::CASES, operator::CASES].concat();
    let mut trials = Vec::new();
    for kind in KINDS {
        for (name, run) in cases.clone() {
            let name = format!("{}::{name}", kind.name);
            trials.push(trial(name, move || {
                block_on(async {
                    let bench = Bench::open(kind).await;
                    run(&bench).await;
                    bench.close().await;
                });
                Ok(())
            }));
        }
    }
    trials.extend(random::trials());
    trials.extend(teams::trials());
    suite::run("inheritance", trials)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(work)
}
