//! The limits of many accounts are read as often as those of one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::session_store::{Limit, SessionKind, Wait};
use isogloss_canonical::user::UserId;
use isogloss_store::Store;
use serde_json::Value;
use uuid::Uuid;

use super::*;

/// A session store that counts how often it is read.
#[derive(Debug)]
struct Counting {
    store: Store,
    reads: AtomicUsize,
}

impl Counting {
    fn read(&self) -> &Store {
        self.reads.fetch_add(1, Ordering::Relaxed);
        &self.store
    }
}

#[async_trait]
impl SessionStore for Counting {
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        self.read().recall(kind, key).await
    }

    async fn recall_all(
        &self,
        kind: SessionKind,
        keys: &[String],
    ) -> Result<Vec<Option<Value>>, Fault> {
        self.read().recall_all(kind, keys).await
    }

    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault> {
        self.store.remember(kind, key, value, lasting).await
    }

    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault> {
        self.store.renew(kind, key, value, lasting).await
    }

    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault> {
        self.store.forget(kind, key).await
    }

    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault> {
        self.store.count(kind, key, window).await
    }

    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        self.store.attempt(limits).await
    }

    async fn waiting(&self, limits: &[Limit]) -> Result<Vec<u64>, Fault> {
        self.read().waiting(limits).await
    }

    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault> {
        self.store.sign(kind, text)
    }
}

fn user(number: u128) -> User {
    User { id: UserId(Uuid::from_u128(number)), ..User::seen(format!("user{number}")) }
}

/// Each of twenty users has their own counts, and they are read as often as those of one.
#[tokio::test]
async fn many_accounts_are_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Vec::new()).await.unwrap();
    let sessions = Counting { store, reads: AtomicUsize::new(0) };
    let policy = Policy { guesses: 1, account_guesses: 2, ..Policy::default() };
    let users: Vec<_> = (1..=20).map(user).collect();
    let accounts = accounts(&sessions, &users).await.unwrap();
    for address in ["192.0.2.1", "192.0.2.2"] {
        let own = pair(policy, format!("{} {address}", accounts[3]), &accounts[3]);
        assert_eq!(sessions.attempt(&[own]).await.unwrap(), None);
    }
    for _ in 0..2 {
        sessions.count(ACCOUNT, &accounts[7], Duration::from_hours(1)).await.unwrap();
    }
    sessions.reads.store(0, Ordering::Relaxed);
    let all = restrictions(&sessions, policy, &users).await.unwrap();
    let reads = sessions.reads.load(Ordering::Relaxed);
    for (at, one) in all.iter().enumerate() {
        let waiting_addresses = if at == 3 { 2 } else { 0 };
        assert_eq!(*one, Restrictions { locked: at == 7, waiting_addresses }, "user {at}");
    }
    for (at, one) in all.iter().enumerate() {
        sessions.reads.store(0, Ordering::Relaxed);
        let alone = restrictions(&sessions, policy, &users[at..=at]).await.unwrap();
        assert_eq!(alone, [*one], "user {at} alone");
        assert_eq!(sessions.reads.load(Ordering::Relaxed), reads, "reads");
    }
}
