//! Every refusal of the table again, with each remote system as the backend. The gateway decides
//! who may do what, so the refusals are the same, and nothing changes in the system.
//!
//! The system is its own dialect on its own store, in this process.

use std::sync::Arc;

use isogloss::layers::sidecar::layer::Sidecar;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};

use super::methods::{APPLICATION, CALLERS, application_exists, asked, furnished, key};
use super::{Row, part, words};
use crate::block_on;
use crate::calls::Class;
use crate::gateway::{PreparedStore, TestGateway, loopback};

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for adapter in registry::dialects() {
        for system in registry::remotes().map(|(system, _)| system) {
            let name = format!("authorisation::{}-on-{}", adapter.name, system.name);
            let dialect = adapter.name;
            trials.push(trial(name, move || block_on(refusals(dialect, system))));
        }
    }
    trials
}

/// Everything that the table refuses is refused, and nothing changes in the system.
async fn refusals(dialect: &'static str, system: &'static Adapter) -> Result<(), Failed> {
    let prepared = furnished().await;
    let (gateway, behind) = with_sidecar(&prepared, (system, None)).await;
    let before = (gateway.picture().await, behind.picture().await);
    let mut wrong = Vec::new();
    for (method, row) in part::<Row>(dialect) {
        let not_refused: Vec<_> = words(&row.may).union(&words(&row.fails)).copied().collect();
        for caller in CALLERS.into_iter().filter(|caller| !not_refused.contains(caller)) {
            if caller == "application" && !application_exists(dialect) {
                continue;
            }
            let answer = gateway.send(asked(dialect, &method, &row, caller)).await;
            if answer.class() != Class::Refused {
                let text: String = answer.text.chars().take(160).collect();
                wrong.push(format!("{method} by {caller}: {} {text}", answer.status));
            }
        }
    }
    if (gateway.picture().await, behind.picture().await) != before {
        wrong.push("something was changed".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A gateway whose backend is a remote system, and the gateway that plays this system. Both have
/// the same users.
pub(crate) async fn with_sidecar(
    prepared: &PreparedStore,
    (system, version): (&'static Adapter, Option<&'static str>),
) -> (TestGateway, TestGateway) {
    let behind = prepared.open().await;
    let mut gateway = prepared.open().await;
    let namespace = IdNamespace::named(system.name);
    let secret = if system.application_key { APPLICATION.to_owned() } else { key("admin") };
    let reached = loopback(&behind, (system, version), &secret);
    let sidecar = Sidecar::new(reached, &gateway.store, (namespace, system.users));
    gateway.backend = Arc::new(sidecar);
    (gateway, behind)
}
