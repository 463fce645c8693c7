//! How many wrong passwords each address has sent within the hour. Kept in memory, so that guesses
//! at names that nobody has cost no rows; a restart forgets them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long one count goes on.
const WINDOW: Duration = Duration::from_hours(1);
/// How many addresses are counted at most. What is beyond is limited by account alone.
const MOST: usize = 50_000;

/// The counts, by address.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Mutex<HashMap<String, (u64, Instant)>>);

impl Addresses {
    /// Counts an attempt before it is made. Answers whether it may be made.
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

    /// Takes an attempt back that was right, or that was not made.
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
