//! What the gateway remembers for a while on a dialect's behalf: sessions, counters, pending
//! decisions. Replicas share it; a restart does not lose it.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::fault::Fault;
use crate::secret::same;

/// A shelf names what kind of thing is remembered: `octoprint.session`.
pub type Shelf = &'static str;

/// Remembers values under keys that are kept only as a keyed hash, so that they may be secrets.
#[async_trait]
pub trait Memory: Debug + Send + Sync {
    /// The value, unless it is forgotten or past its time.
    async fn recall(&self, shelf: Shelf, key: &str) -> Result<Option<Value>, Fault>;

    /// Keeps a value for a time, in place of an earlier one.
    async fn remember(
        &self,
        shelf: Shelf,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault>;

    /// Keeps another value in place of one that is there; says whether one was. What was forgotten
    /// in the meantime stays forgotten: a session in use does not outlive its end.
    async fn renew(
        &self,
        shelf: Shelf,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault>;

    /// Forgets a value; says whether there was one, so that a thing can be used up just once.
    async fn forget(&self, shelf: Shelf, key: &str) -> Result<bool, Fault>;

    /// Counts one more within a window that begins with the first; answers the count.
    async fn count(&self, shelf: Shelf, key: &str, window: Duration) -> Result<u64, Fault>;

    /// A keyed hash of a text that nobody else can make. A token that carries it needs no row: that
    /// is how somebody who has not signed in is given one.
    fn sign(&self, shelf: Shelf, text: &str) -> Result<String, Fault>;

    /// Whether a hash of a text came from [`Memory::sign`].
    fn is_signed(&self, shelf: Shelf, text: &str, signature: &str) -> Result<bool, Fault> {
        Ok(same(&self.sign(shelf, text)?, signature))
    }
}
