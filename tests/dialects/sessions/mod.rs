//! Sessions: who owns them, what ends them, and what callers without credentials can store.

mod anonymous;
mod browser;
mod dandelion;
mod octoprint;
mod older;
mod pages;
mod setup;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::block_on;
use crate::gateway::{PreparedStore, TestGateway};

const KEY: &str = "0123456789abcdef0123456789abcdef";

type Case = (&'static str, fn(Arc<TestGateway>) -> BoxFuture<'static, ()>);

/// The trials, each with its own store.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |(name, run): Case| {
        trial(format!("sessions::{name}"), move || {
            block_on(async {
                run(Arc::new(PreparedStore::of(&accounts()).await.open().await)).await;
                Ok::<_, Failed>(())
            })
        })
    };
    let all = [
        &dandelion::CASES[..],
        &octoprint::CASES[..],
        &older::CASES[..],
        &anonymous::CASES[..],
        &pages::CASES[..],
        &setup::CASES[..],
    ];
    all.into_iter().flatten().copied().map(trial).collect()
}

fn accounts() -> Value {
    let key = |dialect: &str| json!({"dialect": dialect, "value": KEY});
    json!({
        "users": [
            {"username": "admin", "password": "the first secret", "admin": true,
             "keys": [key("octoprint"), key("rhodecode"), key("dandelion")]},
            {"username": "ann", "password": "ann's secret"},
        ],
        "application_keys": [key("kanboard")],
    })
}
