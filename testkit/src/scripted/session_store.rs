//! A session store in memory, in which nothing ever expires.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::session_store::{Limit, SessionKind, SessionStore, Wait};
use serde_json::Value;

use crate::suite::lock;

/// A session store in memory. Attempts are never limited.
#[derive(Debug, Default)]
pub struct Sessions {
    failing: Option<FaultKind>,
    values: Mutex<BTreeMap<(SessionKind, String), Value>>,
    counts: Mutex<HashMap<(SessionKind, String), u64>>,
}

impl Sessions {
    /// A session store that always fails with this kind of fault.
    #[must_use]
    pub fn failing(kind: FaultKind) -> Self {
        Self { failing: Some(kind), ..Self::default() }
    }

    /// The stored values of a kind, by key.
    #[must_use]
    pub fn of_kind(&self, kind: SessionKind) -> BTreeMap<String, Value> {
        let values = lock(&self.values);
        let own = values.iter().filter(|((own, _), _)| *own == kind);
        own.map(|((_, key), value)| (key.clone(), value.clone())).collect()
    }

    /// The number of stored values.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.values).len()
    }

    /// Whether it stores no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check(&self) -> Result<(), Fault> {
        self.failing.map_or(Ok(()), |kind| Err(Fault::new(kind, "scripted")))
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        self.check()?;
        Ok(lock(&self.values).get(&(kind, key.to_owned())).cloned())
    }

    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        _: Duration,
    ) -> Result<(), Fault> {
        self.check()?;
        lock(&self.values).insert((kind, key.to_owned()), value);
        Ok(())
    }

    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        _: Duration,
    ) -> Result<bool, Fault> {
        self.check()?;
        let mut values = lock(&self.values);
        let Some(stored) = values.get_mut(&(kind, key.to_owned())) else { return Ok(false) };
        *stored = value;
        Ok(true)
    }

    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault> {
        self.check()?;
        Ok(lock(&self.values).remove(&(kind, key.to_owned())).is_some())
    }

    async fn count(&self, kind: SessionKind, key: &str, _: Duration) -> Result<u64, Fault> {
        self.check()?;
        let mut counts = lock(&self.counts);
        let count = counts.entry((kind, key.to_owned())).or_default();
        *count += 1;
        Ok(*count)
    }

    async fn attempt(&self, _: &[Limit]) -> Result<Option<Wait>, Fault> {
        self.check().map(|()| None)
    }

    async fn clear_attempts(&self, _: &[Limit], _: &[Limit]) -> Result<(), Fault> {
        self.check()
    }

    /// The signature uses no secret. The tests of the store check the real one.
    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault> {
        self.check()?;
        let mut hasher = DefaultHasher::new();
        (kind, text).hash(&mut hasher);
        Ok(format!("{:016x}", hasher.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::now;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn values_are_remembered_by_kind() {
        let sessions = Sessions::default();
        now(sessions.remember("t.one", "k", Value::from(1), LONG)).unwrap();
        assert_eq!(now(sessions.recall("t.one", "k")).unwrap(), Some(Value::from(1)));
        assert_eq!(now(sessions.recall("t.other", "k")).unwrap(), None);
        assert!(!now(sessions.renew("t.other", "k", Value::Null, LONG)).unwrap());
        assert!(now(sessions.forget("t.one", "k")).unwrap() && sessions.is_empty());
        assert_eq!(now(sessions.count("t.one", "k", LONG)).unwrap(), 1);
        assert_eq!(now(sessions.count("t.one", "k", LONG)).unwrap(), 2);
    }

    #[test]
    fn one_that_fails_answers_nothing() {
        let sessions = Sessions::failing(FaultKind::Unavailable);
        let fault = now(sessions.recall("t.one", "k")).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unavailable);
        assert!(sessions.sign("t.one", "text").is_err());
    }
}
