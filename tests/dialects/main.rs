//! All four dialects on one store, in one process. No recording of a single server can show this.
//!
//! - `seeds`: every example of the public documents gets an answer of the printed form.
//! - `concurrency`: concurrent requests.
//! - `authorisation`: who may do what.
//! - `consistency`: all four dialects show the same users, whichever dialect made a change.
//! - `inheritance`: nobody gets the account of a user who was deleted in a system.
//! - `faults`: an outage is never reported as absence, whichever command fails.
//! - `long_values`: names, addresses and ids that no index can hold.
//! - `guessing`: how many passwords are verified, and which callers a lock refuses.
//! - `sessions`: what callers without credentials can store.
//!
//! A folder with the name of a system has the cases that only that system has.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod authorisation;
mod browser;
mod calls;
mod concurrency;
mod consistency;
mod dandelion;
mod faults;
mod gateway;
mod guessing;
mod inheritance;
mod kanboard;
mod long_values;
mod octoprint;
mod seeds;
mod sessions;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use isogloss_testkit::suite;
use libtest_mimic::Trial;

fn main() -> ExitCode {
    let all = [
        seeds::trials(),
        concurrency::trials(),
        authorisation::trials(),
        consistency::trials(),
        faults::trials(),
        guessing::trials(),
        inheritance::trials(),
        long_values::trials(),
        sessions::trials(),
        octoprint::trials(),
        kanboard::trials(),
        dandelion::trials(),
    ];
    let trials: Vec<Trial> = all.into_iter().flatten().collect();
    suite::run("dialects", trials)
}

/// A file or folder of the fixtures.
fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Runs a future to its end, on several threads, so that concurrent work is really parallel.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(work)
}
