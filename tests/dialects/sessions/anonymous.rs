//! A caller without credentials causes the gateway to store nothing but counters.

use std::collections::BTreeMap;
use std::sync::Arc;

use isogloss::sessions::Sessions;
use isogloss_testkit::calls::Calls;
use isogloss_testkit::scripted::recorded_store::RecordedStore;

use super::Case;
use crate::authorisation::methods::{application_exists, asked};
use crate::authorisation::{Row, part, words};
use crate::browser::Browser;
use crate::calls::{self, Asked};
use crate::gateway::TestGateway;

pub(super) const CASES: [Case; 1] = [("nobody-writes-a-row", |gateway| Box::pin(nobody(gateway)))];

/// The rows that were stored so far: `KIND KEY`, and the length of the value in bytes.
pub(crate) type Rows = BTreeMap<String, usize>;

/// The number of writes since the last call. Adds the stored rows to `rows`.
pub(crate) fn writes(store: &RecordedStore, rows: &mut Rows) -> usize {
    let writes: Vec<_> = store.take().into_iter().filter(|call| call.writes).collect();
    rows.extend(writes.iter().filter_map(|call| call.row.clone()));
    writes.len()
}

/// Every method of a dialect that needs credentials, without valid ones.
fn methods(calls: &Calls) -> Vec<Asked> {
    let mut all = Vec::new();
    let rows = part::<Row>(&calls.dialect).into_iter();
    for (method, row) in rows.filter(|(_, row)| !words(&row.may).contains("nobody")) {
        for caller in ["nobody", "wrong"] {
            all.push(asked(&calls.dialect, &method, &row, caller));
        }
        if application_exists(&calls.dialect) {
            all.push(asked(&calls.dialect, &method, &row, "wrong application"));
        }
    }
    all
}

async fn nobody(gateway: Arc<TestGateway>) {
    for calls in calls::all() {
        nothing_written(&gateway, methods(calls)).await;
        wrong_sign_in(&gateway, calls).await;
    }
}

/// Each request is sent as a browser does, and with invented cookies. None of them writes a row.
pub(crate) async fn nothing_written(gateway: &TestGateway, requests: Vec<Asked>) {
    let (store, mut rows) = (RecordedStore::over(Arc::new(gateway.store.clone())), Rows::new());
    let pipeline = gateway.pipeline_with(Sessions::of_store(store.clone()));
    for asked in requests {
        let mut browser = Browser::default();
        // First without cookies, then with the cookies of the answers and with an invented session.
        for _ in 0..2 {
            browser.through(&pipeline, asked.clone()).await;
        }
        let mut with_token = asked.clone();
        if let Some(sign_in) = &calls::of(asked.dialect).sign_in {
            let invented = |cookie: &String| (cookie.clone(), "7".repeat(64));
            browser.jar.extend(sign_in.cookie.iter().map(invented));
            if let Some(token) = sign_in.csrf.as_deref().and_then(|csrf| browser.cookie(csrf)) {
                with_token.request = with_token.request.with("x-csrf-token", token.to_owned());
            }
        }
        browser.through(&pipeline, with_token).await;
        let line = format!("{} {} {}", asked.dialect, asked.request.method, asked.request.path);
        assert_eq!(writes(&store, &mut rows), 0, "{line}");
    }
}

/// A sign-in with a wrong password, from a new browser.
async fn wrong_sign_in(gateway: &TestGateway, calls: &'static Calls) {
    let (store, mut rows) = (RecordedStore::over(Arc::new(gateway.store.clone())), Rows::new());
    let pipeline = gateway.pipeline_with(Sessions::of_store(store.clone()));
    Browser::default().sign_in_at(&pipeline, calls, ("ann", "wrong")).await;
    assert_eq!(writes(&store, &mut rows), 0, "a failed sign-in at {}", calls.dialect);
}
