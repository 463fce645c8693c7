//! Counts the wrong passwords of each address within an hour, in memory.
//!
//! The count that holds is in the database, for all gateways together. This one is asked first: an
//! address that has sent all its wrong passwords to this gateway is refused without a query.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The time after which a count restarts at zero.
const WINDOW: Duration = Duration::from_hours(1);
/// The most addresses that are counted. For any further address only the limits by account apply.
const MOST: usize = 50_000;

/// The counts, by address.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Mutex<HashMap<String, (u64, Instant)>>);

impl Addresses {
    /// Counts an attempt before it is made. Returns whether it is allowed.
    pub(crate) fn begin(&self, address: &str, free: u64) -> bool {
        let Ok(mut counts) = self.0.lock() else { return false };
        if counts.len() >= MOST && !counts.contains_key(address) {
            counts.retain(|_, (count, since)| since.elapsed() < WINDOW && *count >= free);
            if counts.len() >= MOST {
                return true;
            }
        }
        let now = Instant::now();
        let (count, since) = counts.entry(address.to_owned()).or_insert((0, now));
        if now.duration_since(*since) >= WINDOW {
            (*count, *since) = (0, now);
        }
        let may = *count < free;
        *count += u64::from(may);
        may
    }

    /// Subtracts an attempt that was correct, or that was not made.
    pub(crate) fn take_back(&self, address: &str) {
        let Ok(mut counts) = self.0.lock() else { return };
        if let Some((count, _)) = counts.get_mut(address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_attempts_that_fail() {
        let addresses = Addresses::default();
        for _ in 0..3 {
            assert!(addresses.begin("a", 3));
        }
        assert!(!addresses.begin("a", 3) && addresses.begin("b", 3));
        addresses.take_back("a");
        assert!(addresses.begin("a", 3) && !addresses.begin("a", 3));
    }
}
