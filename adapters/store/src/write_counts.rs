//! How much was written to the session store, for its pruning.

use std::sync::atomic::AtomicU64;

/// Counts the writes.
#[derive(Debug, Default)]
pub(crate) struct WriteCounts {
    pub(crate) writes: AtomicU64,
    pub(crate) seen: AtomicU64,
}
