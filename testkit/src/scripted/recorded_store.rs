//! A session store that records its calls and passes them on to another session store.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::{Limit, SessionKind, SessionStore, Wait};
use serde_json::Value;

use crate::suite::lock;

/// One call to a session store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreCall {
    /// The method, with the kind or the number of limits: `remember octoprint.session`, `attempt 3`.
    pub about: String,
    /// Whether it can write a row. The counters of attempts do not count as rows: their number is
    /// limited by the limits themselves.
    pub writes: bool,
    /// The row that it stores (`KIND KEY`), and the length of the value in bytes.
    pub row: Option<(String, usize)>,
}

/// A session store that records its calls.
#[derive(Debug)]
pub struct RecordedStore {
    inner: Arc<dyn SessionStore>,
    calls: Mutex<Vec<StoreCall>>,
}

impl RecordedStore {
    /// Records the calls to this session store.
    #[must_use]
    pub fn over(inner: Arc<dyn SessionStore>) -> Arc<Self> {
        Arc::new(Self { inner, calls: Mutex::default() })
    }

    /// The calls since the last time this was called, in order.
    #[must_use]
    pub fn take(&self) -> Vec<StoreCall> {
        std::mem::take(&mut lock(&self.calls))
    }

    fn read(&self, about: String) {
        lock(&self.calls).push(StoreCall { about, writes: false, row: None });
    }

    fn write(&self, about: String, row: Option<(String, usize)>) {
        lock(&self.calls).push(StoreCall { about, writes: true, row });
    }
}

fn row(kind: SessionKind, key: &str, value: &Value) -> (String, usize) {
    (format!("{kind} {key}"), value.to_string().len())
}

#[async_trait]
impl SessionStore for RecordedStore {
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        self.read(format!("recall {kind}"));
        self.inner.recall(kind, key).await
    }

    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault> {
        self.write(format!("remember {kind}"), Some(row(kind, key, &value)));
        self.inner.remember(kind, key, value, lasting).await
    }

    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault> {
        self.write(format!("renew {kind}"), Some(row(kind, key, &value)));
        self.inner.renew(kind, key, value, lasting).await
    }

    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault> {
        self.write(format!("forget {kind}"), None);
        self.inner.forget(kind, key).await
    }

    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault> {
        self.write(format!("count {kind}"), Some((format!("{kind} {key}"), 0)));
        self.inner.count(kind, key, window).await
    }

    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        self.read(format!("attempt {}", limits.len()));
        self.inner.attempt(limits).await
    }

    async fn clear_attempts(&self, forget: &[Limit], back: &[Limit]) -> Result<(), Fault> {
        self.read(format!("clear_attempts {} {}", forget.len(), back.len()));
        self.inner.clear_attempts(forget, back).await
    }

    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault> {
        self.inner.sign(kind, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::now;
    use crate::scripted::session_store::Sessions;

    #[test]
    fn calls_are_recorded_and_passed_on() {
        let store = RecordedStore::over(Arc::new(Sessions::default()));
        now(store.remember("t.one", "k", Value::from(12), Duration::from_mins(1))).unwrap();
        assert_eq!(now(store.recall("t.one", "k")).unwrap(), Some(Value::from(12)));
        let calls = store.take();
        let about: Vec<_> = calls.iter().map(|call| (call.about.as_str(), call.writes)).collect();
        assert_eq!(about, [("remember t.one", true), ("recall t.one", false)]);
        assert_eq!(calls[0].row, Some(("t.one k".to_owned(), 2)));
        assert!(store.take().is_empty());
    }
}
