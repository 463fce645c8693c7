//! What the sidecar read of the system a moment ago.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use isogloss_canonical::user::UserRef;

/// So long the sidecar is taken to know everybody after a list.
const LISTED_FOR: Duration = Duration::from_mins(1);
/// So long a name that the system does not know is not asked for again. It covers one sign-in, which
/// points at a person in several ways.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
/// So many unknown names are remembered at most.
const UNKNOWN: usize = 4096;

/// What was read of the system a moment ago.
#[derive(Debug, Default)]
pub(super) struct Recent {
    introduced: AtomicBool,
    listed: Mutex<Option<Instant>>,
    unknown: Mutex<HashMap<String, Instant>>,
}

impl Recent {
    pub(super) fn is_introduced(&self) -> bool {
        self.introduced.load(Ordering::Relaxed)
    }

    pub(super) fn introduced(&self) {
        self.introduced.store(true, Ordering::Relaxed);
    }

    pub(super) fn listed(&self) {
        if let Ok(mut listed) = self.listed.lock() {
            *listed = Some(Instant::now());
        }
    }

    pub(super) fn is_listed(&self) -> bool {
        let listed = self.listed.lock().map(|listed| *listed).unwrap_or_default();
        listed.is_some_and(|at| at.elapsed() < LISTED_FOR)
    }

    /// The system has just said that it knows nobody of this name.
    pub(super) fn not_there(&self, user: &UserRef) {
        let (UserRef::Name(name), Ok(mut unknown)) = (user, self.unknown.lock()) else { return };
        if unknown.len() >= UNKNOWN {
            unknown.retain(|_, at| at.elapsed() < UNKNOWN_FOR);
        }
        if unknown.len() < UNKNOWN {
            unknown.insert(name.clone(), Instant::now());
        }
    }

    /// Whether the system said so a moment ago.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        let unknown = self.unknown.lock();
        unknown.is_ok_and(|all| all.get(name).is_some_and(|at| at.elapsed() < UNKNOWN_FOR))
    }

    /// Somebody may have got a name.
    pub(super) fn forget_unknown(&self) {
        if let Ok(mut unknown) = self.unknown.lock() {
            unknown.clear();
        }
    }
}
