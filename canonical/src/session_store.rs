//! What the gateway remembers for a while on a dialect's behalf: sessions, counters, pending
//! decisions. Replicas share it; a restart does not lose it.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::fault::{Fault, FaultKind};
use crate::secret::same;

/// A kind names what kind of thing is remembered: `octoprint.session`.
pub type SessionKind = &'static str;

/// How many attempts are let through before the next has to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted.
    pub kind: SessionKind,
    /// Whose attempts.
    pub key: String,
    /// How many are let through.
    pub free: u64,
    /// When more are.
    pub pace: Pace,
}

/// When attempts beyond those that are free are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Once a window is over that began with the first attempt.
    Window(Duration),
    /// One after each wait since the last attempt.
    Doubling {
        /// The first wait.
        first: Duration,
        /// Each is twice the one before it, up to this.
        longest: Duration,
        /// How long after the last attempt all is forgotten.
        forgotten: Duration,
    },
}

/// A memory that counts no attempts lets none be made.
fn uncounted(limits: &[Limit]) -> Fault {
    let kind = limits.first().map_or("", |limit| limit.kind);
    Fault::new(FaultKind::Unexpected, format!("{kind}: attempts are not counted here"))
}

/// Remembers values under keys that are kept only as a keyed hash, so that they may be secrets.
#[async_trait]
pub trait SessionStore: Debug + Send + Sync {
    /// The value, unless it is forgotten or past its time.
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault>;

    /// Keeps a value for a time, in place of an earlier one.
    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault>;

    /// Keeps another value in place of one that is there; says whether one was. What was forgotten
    /// in the meantime stays forgotten: a session in use does not outlive its end.
    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault>;

    /// Forgets a value; says whether there was one, so that a thing can be used up just once.
    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault>;

    /// Counts one more within a window that begins with the first; answers the count.
    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault>;

    /// Counts an attempt against several limits before it is made: all of them or, if one is
    /// reached, none. Answers until when the attempt has to wait.
    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Timestamp>, Fault> {
        Err(uncounted(limits))
    }

    /// An attempt turned out to be right: forgets the first limits' counts, and takes one back
    /// from the second's.
    async fn settle(&self, forget: &[Limit], back: &[Limit]) -> Result<(), Fault> {
        Err(uncounted(if forget.is_empty() { back } else { forget }))
    }

    /// A keyed hash of a text that nobody else can make. A token that carries it needs no row: that
    /// is how somebody who has not signed in is given one.
    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault>;

    /// Whether a hash of a text came from [`SessionStore::sign`].
    fn is_signed(&self, kind: SessionKind, text: &str, signature: &str) -> Result<bool, Fault> {
        Ok(same(&self.sign(kind, text)?, signature))
    }
}
