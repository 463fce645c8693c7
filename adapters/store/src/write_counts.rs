//! Counts the writes to the session store, for its pruning.

use std::sync::atomic::AtomicU64;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct WriteCounts {
    pub(crate) writes: AtomicU64,
    pub(crate) seen: AtomicU64,
}
