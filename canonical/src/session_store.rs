//! The session store: sessions, counters and pending decisions of the dialects, each with a time
//! limit. Replicas share it, and it survives a restart.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::fault::{Fault, FaultKind};
use crate::secret::same;

/// The kind of a stored value: `octoprint.session`.
pub type SessionKind = &'static str;

/// A limit on attempts: how many are allowed before the next one has to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted.
    pub kind: SessionKind,
    /// Whose attempts.
    pub key: String,
    /// The group of the key, so that all waiting keys of a group can be counted.
    pub group: Option<String>,
    /// How many attempts are allowed without waiting.
    pub free: u64,
    /// When further attempts are allowed.
    pub pace: Pace,
}

/// Which limit makes an attempt wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The kind of the limit.
    pub kind: SessionKind,
    /// When the next attempt is allowed.
    pub until: Timestamp,
}

/// When attempts beyond the free ones are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At the end of a window that began with the first attempt.
    Window(Duration),
    /// One after each wait since the last attempt.
    Doubling {
        /// The first wait.
        first: Duration,
        /// The longest wait. Each wait is twice the one before it, up to this.
        longest: Duration,
        /// How long after the last attempt the count is removed.
        forgotten: Duration,
    },
}

/// A session store that cannot count attempts refuses each one.
fn uncounted(limits: &[Limit]) -> Fault {
    let kind = limits.first().map_or("", |limit| limit.kind);
    Fault::new(FaultKind::Unexpected, format!("{kind}: attempts are not counted here"))
}

/// Stores values by key for a time. Only a keyed hash of the key is stored, so that it may be a secret.
#[async_trait]
pub trait SessionStore: Debug + Send + Sync {
    /// The value, unless it was removed or has expired.
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault>;

    /// The values of several keys, in their order. A store with a database answers it with one query.
    async fn recall_all(
        &self,
        kind: SessionKind,
        keys: &[String],
    ) -> Result<Vec<Option<Value>>, Fault> {
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            values.push(self.recall(kind, key).await?);
        }
        Ok(values)
    }

    /// Stores a value for a time, in place of an earlier one.
    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault>;

    /// Replaces a value if there is one, and returns whether there was. A value that was removed
    /// meanwhile is not stored again: a session that was ended while in use stays ended.
    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault>;

    /// Removes a value, and returns whether there was one. So a value can be used exactly once.
    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault>;

    /// Adds one to a count and returns it. At the end of its window the count restarts at zero.
    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault>;

    /// Counts an attempt against several limits before it is made: against all, or against none if one
    /// is reached. Then it returns which one, and until when the caller must wait.
    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        Err(uncounted(limits))
    }

    /// For each limit, how many keys of its group have to wait now. The limits are of one kind. A
    /// store with a database answers it with one query.
    async fn waiting(&self, limits: &[Limit]) -> Result<Vec<u64>, Fault> {
        Err(uncounted(limits))
    }

    /// Records that an attempt succeeded: removes the counts of the limits in `forget`, and
    /// subtracts one from those in `back`.
    async fn clear_attempts(&self, forget: &[Limit], back: &[Limit]) -> Result<(), Fault> {
        Err(uncounted(if forget.is_empty() { back } else { forget }))
    }

    /// A keyed hash of a text that only the gateway can make. A token that holds it needs no row in the
    /// database. Tokens for callers who are not signed in are made like this.
    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault>;

    /// Whether a hash of a text came from [`SessionStore::sign`].
    fn is_signed(&self, kind: SessionKind, text: &str, signature: &str) -> Result<bool, Fault> {
        Ok(same(&self.sign(kind, text)?, signature))
    }
}
