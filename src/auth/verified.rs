//! The cache of passwords that were verified in the last seconds. It has only keyed hashes.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::User;
use sha2::Sha256;

use crate::random::random;

/// The most passwords in the cache.
const MOST: usize = 10_000;

/// The cache. Its key is a pair of account and address, with one password for each pair.
#[derive(Debug)]
pub(super) struct Verified {
    key: [u8; 32],
    lasting: Duration,
    pairs: Mutex<HashMap<String, ([u8; 32], Instant)>>,
}

impl Verified {
    /// A cache that holds each password for this time. Zero: never.
    pub(super) fn new(key: [u8; 32], lasting: Duration) -> Self {
        Self { key, lasting, pairs: Mutex::default() }
    }

    /// A keyed hash of the person, the date of the password, and the secret. A new password changes
    /// the hash, so that the old password is invalid at once.
    pub(super) fn mark(&self, user: &User, secret: &Secret) -> [u8; 32] {
        // HMAC accepts a key of any length (RFC 2104, section 3).
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return random();
        };
        mac.update(user.id.0.as_bytes());
        mac.update(&user.password_changed.as_nanosecond().to_be_bytes());
        mac.update(secret.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether the cache has this password for this pair.
    pub(super) fn holds(&self, pair: &str, mark: &[u8; 32]) -> bool {
        let Ok(pairs) = self.pairs.lock() else { return false };
        pairs.get(pair).is_some_and(|(own, since)| own == mark && since.elapsed() < self.lasting)
    }

    /// Adds the password to the cache.
    pub(super) fn keep(&self, pair: &str, mark: [u8; 32]) {
        let Ok(mut pairs) = self.pairs.lock() else { return };
        if pairs.len() >= MOST {
            pairs.retain(|_, (_, since)| since.elapsed() < self.lasting);
        }
        if pairs.len() < MOST {
            pairs.insert(pair.to_owned(), (mark, Instant::now()));
        }
    }

    /// Removes the pair. After a wrong password the next one is verified and counted again.
    pub(super) fn forget(&self, pair: &str) {
        if let Ok(mut pairs) = self.pairs.lock() {
            pairs.remove(pair);
        }
    }
}
