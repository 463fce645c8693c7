//! Nobody gets the account of a deleted user. The tests remove, create, rename, swap, disable and
//! demote users directly in the system. The data of a deleted user in the gateway (keys, sessions,
//! remembered passwords, settings, memberships, owned groups) must give no access to a later user
//! with the same id or name.
//!
//! Each case runs for each kind of system: with or without reused ids, with names as ids, and with
//! the kinds of evidence that the real systems have.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod aliases;
mod changes;
mod gone;
mod log;
mod operator;
mod outages;
mod own_work;
mod random;
mod requests;
mod system;
mod teams;
mod test_sidecar;

use std::process::ExitCode;

use isogloss_testkit::suite::{self, trial};

use crate::system::KINDS;
use crate::test_sidecar::{Case, TestSidecar};

fn main() -> ExitCode {
    log::start();
    let cases: Vec<Case> = [
        gone::CASES,
        changes::CASES,
        outages::CASES,
        own_work::CASES,
        requests::CASES,
        operator::CASES,
        aliases::CASES,
    ]
    .concat();
    let mut trials = Vec::new();
    for kind in KINDS {
        for (name, run) in cases.clone() {
            let name = format!("{}::{name}", kind.name);
            trials.push(trial(name, move || {
                block_on(async {
                    let tested = TestSidecar::open(kind).await;
                    run(&tested).await;
                    tested.close().await;
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
