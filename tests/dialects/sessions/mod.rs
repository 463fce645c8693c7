//! Sessions: what callers without credentials can store. The sessions of each system are in its own
//! folder.

pub(crate) mod anonymous;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_testkit::calls::{Caller, Calls};
use isogloss_testkit::suite;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::block_on;
use crate::gateway::{PreparedStore, TestGateway};

/// The key of the administrator, in every dialect.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A case: its name, and what it does with a new gateway.
pub(crate) type Case = (&'static str, fn(Arc<TestGateway>) -> BoxFuture<'static, ()>);

/// The trials, each with its own store.
pub(crate) fn trials() -> Vec<Trial> {
    let cases = anonymous::CASES.into_iter();
    cases.map(|(name, run)| trial(&format!("sessions::{name}"), run)).collect()
}

/// A case as a trial.
pub(crate) fn trial(name: &str, run: fn(Arc<TestGateway>) -> BoxFuture<'static, ()>) -> Trial {
    suite::trial(name, move || {
        block_on(async {
            run(Arc::new(PreparedStore::of(&accounts()).await.open().await)).await;
            Ok::<_, Failed>(())
        })
    })
}

/// Two administrators and a user. The first has the key of every dialect whose callers are users.
pub(crate) fn accounts() -> Value {
    let key = |dialect: &str| json!({"dialect": dialect, "value": KEY});
    let (applications, users): (Vec<&Adapter>, Vec<&Adapter>) =
        registry::dialects().partition(|adapter| adapter.application_key);
    let keys: Vec<_> = users.iter().map(|adapter| key(adapter.name)).collect();
    let application_keys: Vec<_> = applications.iter().map(|adapter| key(adapter.name)).collect();
    json!({
        "users": [
            {"username": "admin", "password": "the first secret", "admin": true, "keys": keys},
            {"username": "ann", "password": "ann's secret"},
            {"username": "boss", "password": "boss's secret", "admin": true},
        ],
        "application_keys": application_keys,
    })
}

/// The caller with [`KEY`]: the administrator or the application.
pub(crate) fn caller(calls: &Calls) -> Caller<'_> {
    let adapter = registry::adapter(&calls.dialect).unwrap();
    let application = calls.application.as_deref().filter(|_| adapter.application_key);
    Caller { name: application.unwrap_or("admin"), secret: KEY }
}
