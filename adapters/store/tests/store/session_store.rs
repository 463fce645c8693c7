//! The session store.

use std::time::Duration;

use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::session_store::SessionStore;
use serde_json::json;

use crate::kit::{Fresh, assert_fault, fresh};

const LONG: Duration = Duration::from_hours(1);

/// Moves the end of everything that is remembered into the past, as if its time had passed.
async fn let_time_pass(store: &Fresh) {
    let changed = store.direct().await.execute("UPDATE session_store SET expires = 1").await;
    assert!(changed > 0);
}

/// When the one thing that is remembered ends.
async fn end(store: &Fresh) -> i64 {
    store.direct().await.number("SELECT expires FROM session_store").await
}

#[tokio::test]
async fn a_value_is_recalled_until_it_is_forgotten_or_past_its_time() {
    let store = fresh().await;
    store.remember("t.session", "k", json!({"n": 1}), LONG).await.unwrap();
    store.remember("t.session", "k", json!({"n": 2}), LONG).await.unwrap();
    assert_eq!(store.recall("t.session", "k").await.unwrap(), Some(json!({"n": 2})));
    assert_eq!(store.recall("t.other", "k").await.unwrap(), None);
    assert!(store.forget("t.session", "k").await.unwrap());
    assert!(!store.forget("t.session", "k").await.unwrap());
    assert_eq!(store.recall("t.session", "k").await.unwrap(), None);
    store.remember("t.session", "k", json!(null), LONG).await.unwrap();
    assert_eq!(store.recall("t.session", "k").await.unwrap(), Some(json!(null)));
    let_time_pass(&store).await;
    assert_eq!(store.recall("t.session", "k").await.unwrap(), None);
    assert!(!store.forget("t.session", "k").await.unwrap());
    store.remember("t.session", "k", json!(1), Duration::MAX).await.unwrap();
    assert_eq!(store.recall("t.session", "k").await.unwrap(), Some(json!(1)));
}

#[tokio::test]
async fn a_count_begins_anew_after_its_window() {
    let store = fresh().await;
    assert_eq!(store.count("t.count", "k", LONG).await.unwrap(), 1);
    let first = end(&store).await;
    assert_eq!(store.count("t.count", "k", 2 * LONG).await.unwrap(), 2);
    assert_eq!(end(&store).await, first, "a later count makes the window no longer");
    let_time_pass(&store).await;
    for expected in 1..=3 {
        assert_eq!(store.count("t.count", "k", LONG).await.unwrap(), expected);
    }
    assert_eq!(store.count("t.count", "other", LONG).await.unwrap(), 1);
    assert_eq!(store.recall("t.count", "k").await.unwrap(), Some(json!(3)));
}

#[tokio::test]
async fn a_value_that_would_fill_the_disk_is_refused() {
    let store = fresh().await;
    let long = json!("x".repeat(300_000));
    assert_fault(store.remember("t.session", "k", long, LONG).await, FaultKind::TooLarge, None);
    assert_eq!(store.recall("t.session", "k").await.unwrap(), None);
}
