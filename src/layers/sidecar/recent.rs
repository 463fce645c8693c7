//! Results of recent reads of the system.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use isogloss_canonical::user::UserRef;

/// How long after a complete list the sidecar assumes that it has a record of every person.
const LISTED_FOR: Duration = Duration::from_mins(1);
/// How long an unknown name is not looked up again. It covers one sign-in, which uses several
/// references to one person.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
/// The most unknown names that are remembered.
const UNKNOWN: usize = 4096;

/// Results of recent reads of the system.
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

    /// Records that the system has no person with this name.
    pub(super) fn not_there(&self, user: &UserRef) {
        let (UserRef::Name(name), Ok(mut unknown)) = (user, self.unknown.lock()) else { return };
        if unknown.len() >= UNKNOWN {
            unknown.retain(|_, at| at.elapsed() < UNKNOWN_FOR);
        }
        if unknown.len() < UNKNOWN {
            unknown.insert(name.clone(), Instant::now());
        }
    }

    /// Whether the system recently had no person with this name.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        let unknown = self.unknown.lock();
        unknown.is_ok_and(|all| all.get(name).is_some_and(|at| at.elapsed() < UNKNOWN_FOR))
    }

    /// Clears the unknown names: a person may have got one of them.
    pub(super) fn forget_unknown(&self) {
        if let Ok(mut unknown) = self.unknown.lock() {
            unknown.clear();
        }
    }
}
