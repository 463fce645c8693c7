//! Passwords that were verified a moment ago, remembered under a keyed hash.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::User;
use sha2::Sha256;

use crate::random::random;

/// How many are remembered at most.
const MOST: usize = 10_000;

/// One password of one account, proved from one address, is remembered for a pair of both.
#[derive(Debug)]
pub(super) struct Verified {
    key: [u8; 32],
    lasting: Duration,
    pairs: Mutex<HashMap<String, ([u8; 32], Instant)>>,
}

impl Verified {
    /// Remembers each for so long; zero: never.
    pub(super) fn new(key: [u8; 32], lasting: Duration) -> Self {
        Self { key, lasting, pairs: Mutex::default() }
    }

    /// A keyed hash of a person, their current password's age, and the secret: a changed password
    /// makes another mark, so that the old one is of no use at once.
    pub(super) fn mark(&self, user: &User, secret: &Secret) -> [u8; 32] {
        // A key of any length will do for HMAC (RFC 2104, section 3).
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return random();
        };
        mac.update(user.id.0.as_bytes());
        mac.update(&user.password_changed.as_nanosecond().to_be_bytes());
        mac.update(secret.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether this password was proved by this pair a moment ago.
    pub(super) fn holds(&self, pair: &str, mark: &[u8; 32]) -> bool {
        let Ok(pairs) = self.pairs.lock() else { return false };
        pairs.get(pair).is_some_and(|(own, since)| own == mark && since.elapsed() < self.lasting)
    }

    /// Remembers it.
    pub(super) fn keep(&self, pair: &str, mark: [u8; 32]) {
        let Ok(mut pairs) = self.pairs.lock() else { return };
        if pairs.len() >= MOST {
            pairs.retain(|_, (_, since)| since.elapsed() < self.lasting);
        }
        if pairs.len() < MOST {
            pairs.insert(pair.to_owned(), (mark, Instant::now()));
        }
    }

    /// After a wrong password, the next one is looked at again, and counted.
    pub(super) fn forget(&self, pair: &str) {
        if let Ok(mut pairs) = self.pairs.lock() {
            pairs.remove(pair);
        }
    }
}
