//! One lock for each account and address: sign-ins of one address to one account run one at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedMutexGuard;

/// The locks that are held or waited for, by account and address.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Locks {
    /// Waits until no other sign-in of this account and address runs.
    pub(super) async fn acquire(&self, pair: &str) -> Option<OwnedMutexGuard<()>> {
        let lock = {
            let mut locks = self.0.lock().ok()?;
            // A lock that nobody holds or waits for is removed.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(pair.to_owned()).or_default())
        };
        Some(lock.lock_owned().await)
    }
}
