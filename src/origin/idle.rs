//! Records when bytes last moved between client and origin, and ends an idle exchange.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use crate::origin::pieces::Pieces;

/// The activity of one exchange, in both directions. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Activity {
    began: Instant,
    limit: Duration,
    /// The last activity, in milliseconds since the start.
    last: Arc<AtomicU64>,
}

impl Activity {
    /// Starts now. `limit` is the longest idle time.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { began: Instant::now(), limit, last: Arc::default() }
    }

    /// Records that bytes have moved.
    pub fn touch(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Completes when nothing has moved for the limit.
    pub async fn idle(&self) {
        loop {
            let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
            let due = self.began + last + self.limit;
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }

    /// Waits for a future, up to the limit.
    pub async fn within_limit<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.limit, coming).await.ok()
    }

    /// Waits for a future while either side is active.
    pub async fn while_active<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            came = coming => Some(came),
            () = self.idle() => None,
        }
    }

    /// The same pieces. If nothing moves for the limit, the next item is an error.
    #[must_use]
    pub fn watch(self, pieces: Pieces) -> Pieces {
        self.touch();
        Box::pin(stream::unfold(Some((pieces, self)), |state| async {
            let (mut pieces, activity) = state?;
            // The time that the reader used does not count as idle time of the writer.
            activity.touch();
            let next = tokio::select! {
                next = pieces.next() => next?,
                () = activity.idle() => Err(io::ErrorKind::TimedOut.into()),
            };
            let state = next.is_ok().then_some((pieces, activity));
            Some((next, state))
        }))
    }
}
