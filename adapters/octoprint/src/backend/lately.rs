//! What a server said a moment ago, for answers that need it each time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An answer of the server, with its age.
#[derive(Debug)]
pub(super) struct Lately<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    /// How many times the gateway itself has changed what the answer says.
    changes: u64,
    answer: Option<(Instant, T)>,
}

/// The moment before a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun(u64, Instant);

impl<T> Default for Lately<T> {
    fn default() -> Self {
        Self(Mutex::new(State { changes: 0, answer: None }))
    }
}

impl<T: Clone> Lately<T> {
    fn state<R>(&self, change: impl FnOnce(&mut State<T>) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer, if it is not older.
    pub(super) fn recall(&self, now: Instant, lasting: Duration) -> Option<T> {
        self.state(|state| {
            let is_young = |since: Instant| now.saturating_duration_since(since) < lasting;
            let young = state.answer.as_ref().filter(|(since, _)| is_young(*since));
            young.map(|(_, answer)| answer.clone())
        })
    }

    /// The moment before a read.
    pub(super) fn begin(&self, now: Instant) -> Begun {
        Begun(self.state(|state| state.changes), now)
    }

    /// Keeps an answer, unless the gateway has changed something since the read began.
    pub(super) fn keep(&self, Begun(changes, since): Begun, answer: T) {
        self.state(|state| {
            if state.changes == changes {
                state.answer = Some((since, answer));
            }
        });
    }

    /// Forgets the answer: the gateway changes what it says.
    pub(super) fn forget(&self) {
        self.state(|state| *state = State { changes: state.changes + 1, answer: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[test]
    fn an_answer_from_before_a_change_is_not_kept() {
        let (lately, now) = (Lately::default(), Instant::now());
        let begun = lately.begin(now);
        lately.keep(begun, "old");
        assert_eq!(lately.recall(now, LONG), Some("old"));
        assert_eq!(lately.recall(now + LONG, LONG), None);
        lately.forget();
        assert_eq!(lately.recall(now, LONG), None);
        lately.keep(begun, "old");
        assert_eq!(lately.recall(now, LONG), None);
        lately.keep(lately.begin(now), "new");
        assert_eq!(lately.recall(now, LONG), Some("new"));
    }
}
