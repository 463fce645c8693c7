//! The end of one request's work: its time is up, its client has disconnected, or the gateway
//! stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use isogloss_canonical::exchange::BATCH_LIMIT;
use isogloss_canonical::fault::{Fault, FaultKind};
use tokio::sync::Notify;

/// A switch that is set once, when the gateway stops.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    is_set: AtomicBool,
    told: Notify,
}

impl Stopping {
    /// Sets the switch. Running batches begin no further call.
    pub fn begin(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Waits until the gateway stops.
    pub async fn begun(&self) {
        // The order matters: a `begin` between the two lines wakes it.
        let told = self.0.told.notified();
        if !self.has_begun() {
            told.await;
        }
    }

    fn has_begun(&self) -> bool {
        self.0.is_set.load(Ordering::SeqCst)
    }
}

/// Held by the task that waits for the answer. After it is dropped nobody waits: the client has
/// disconnected, or the time limit was reached.
#[derive(Debug)]
pub struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The limits of one request's work. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Term {
    /// When a batch begins no further call. `None`: never.
    ends: Option<Instant>,
    /// Whether [`Waiting`] was dropped.
    left: Arc<AtomicBool>,
    /// Whether a write was begun.
    changes: Arc<AtomicBool>,
    stopping: Stopping,
    batch_limit: usize,
}

impl Default for Term {
    /// No time limit.
    fn default() -> Self {
        Self {
            ends: None,
            left: Arc::default(),
            changes: Arc::default(),
            stopping: Stopping::default(),
            batch_limit: BATCH_LIMIT,
        }
    }
}

impl Term {
    /// The limits of a request with this time limit. A batch keeps a tenth of the time for its
    /// answer.
    #[must_use]
    pub fn begin(timeout: Duration, stopping: &Stopping, batch_limit: usize) -> (Self, Waiting) {
        let term = Self {
            ends: Instant::now().checked_add(timeout.saturating_sub(timeout / 10)),
            stopping: stopping.clone(),
            batch_limit,
            ..Self::default()
        };
        let waiting = Waiting(Arc::clone(&term.left));
        (term, waiting)
    }

    /// Why a batch must begin no further call.
    #[must_use]
    pub fn over(&self) -> Option<Fault> {
        if self.left.load(Ordering::Relaxed) {
            return Some(Fault::new(FaultKind::Timeout, "no client waits for the answer any more"));
        }
        if self.ends.is_some_and(|ends| Instant::now() >= ends) {
            return Some(Fault::new(FaultKind::Timeout, "the request's time is up"));
        }
        let stopping = self.stopping.has_begun();
        stopping.then(|| Fault::new(FaultKind::Unavailable, "the gateway stops"))
    }

    /// Whether a command may begin. After a write, a further command can be the second part of the
    /// same change, so it is executed even if nobody waits for the answer.
    pub(crate) fn admit(&self, changes: bool) -> Result<(), Fault> {
        if self.left.load(Ordering::Relaxed) && !self.changes.load(Ordering::Relaxed) {
            return Err(Fault::new(FaultKind::Timeout, "no client waits for the answer any more"));
        }
        if changes {
            self.changes.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The most calls of one request.
    #[must_use]
    pub fn batch_limit(&self) -> usize {
        self.batch_limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(term: &Term) -> Option<FaultKind> {
        term.over().map(|fault| fault.kind)
    }

    #[test]
    fn a_request_is_over_once_nobody_waits() {
        let (term, waiting) = Term::begin(Duration::from_mins(1), &Stopping::default(), 7);
        assert_eq!((kind(&term), term.batch_limit()), (None, 7));
        drop(waiting);
        assert_eq!(kind(&term), Some(FaultKind::Timeout));
    }

    #[test]
    fn a_request_is_over_before_its_time_is_up() {
        let (term, _waiting) = Term::begin(Duration::ZERO, &Stopping::default(), 7);
        assert_eq!(kind(&term), Some(FaultKind::Timeout));
    }

    #[test]
    fn a_stop_ends_batches_only() {
        let stopping = Stopping::default();
        let (term, _waiting) = Term::begin(Duration::from_mins(1), &stopping, 7);
        stopping.begin();
        assert_eq!(kind(&term), Some(FaultKind::Unavailable));
        assert!(term.admit(true).is_ok());
    }

    #[test]
    fn nothing_is_begun_for_nobody_but_the_rest_of_a_change() {
        let begin = || Term::begin(Duration::from_mins(1), &Stopping::default(), 7);
        let (term, waiting) = begin();
        drop(waiting);
        assert!(term.admit(false).is_err() && term.admit(true).is_err());
        let (term, waiting) = begin();
        assert!(term.admit(true).is_ok());
        drop(waiting);
        assert!(term.admit(false).is_ok() && term.admit(true).is_ok());
    }
}
