//! Results of recent reads of the system.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use isogloss_canonical::user::UserRef;

/// How old the list of all people may be for a search that the system cannot do. What is found is
/// read again by id.
pub(super) const LISTED_FOR: Duration = Duration::from_mins(1);
/// The same before a creation that would overwrite a person with the same folded name.
pub(super) const OVERWRITES_FOR: Duration = Duration::from_secs(10);
/// The same for an exact name, which a person can have who was created a moment ago. Only a list that
/// began after the question shows that nobody has the name.
pub(super) const NAMED_FOR: Duration = Duration::ZERO;
/// How long an unknown name is not looked up again. It covers one sign-in, which uses several
/// references to one person.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
/// The most unknown names that are remembered.
const UNKNOWN: usize = 4096;

/// Results of recent reads of the system.
#[derive(Debug, Default)]
pub(super) struct Recent {
    introduced: AtomicBool,
    listed: Mutex<Option<Listed>>,
    failed: Mutex<Option<Instant>>,
    /// Only one request at a time lists all people for a search. The others wait for its list.
    pub(super) listing: tokio::sync::Mutex<()>,
    unknown: Mutex<HashMap<String, Instant>>,
}

/// The last list of all people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// When the read began.
    began: Instant,
    /// Whether every row could be read.
    pub(super) is_complete: bool,
}

impl Recent {
    pub(super) fn is_introduced(&self) -> bool {
        self.introduced.load(Ordering::Relaxed)
    }

    pub(super) fn introduced(&self) {
        self.introduced.store(true, Ordering::Relaxed);
    }

    /// Records a list of all people whose read began at this time.
    pub(super) fn listed(&self, began: Instant, is_complete: bool) {
        if let Ok(mut listed) = self.listed.lock() {
            *listed = Some(Listed { began, is_complete });
        }
    }

    /// The last list, if it is at most this old.
    pub(super) fn last_list(&self, age: Duration) -> Option<Listed> {
        let listed = self.listed.lock().map(|listed| *listed).unwrap_or_default();
        listed.filter(|listed| listed.began.elapsed() < age)
    }

    /// Records that all people could not be listed.
    pub(super) fn failed(&self) {
        if let Ok(mut failed) = self.failed.lock() {
            *failed = Some(Instant::now());
        }
    }

    /// Whether a list has failed since this moment.
    pub(super) fn has_failed_since(&self, moment: Instant) -> bool {
        self.failed.lock().is_ok_and(|failed| failed.is_some_and(|at| at >= moment))
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
