//! When bytes last moved between two sides, and the end of an exchange in which none do.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use crate::origin::client::Pieces;

/// The activity of one exchange, in both directions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Activity {
    began: Instant,
    limit: Duration,
    /// In milliseconds since it began.
    last: Arc<AtomicU64>,
}

impl Activity {
    /// Begins now; it may be idle for this long.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { began: Instant::now(), limit, last: Arc::default() }
    }

    /// Bytes have moved.
    pub fn touch(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Completes once nothing has moved for the limit.
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

    /// Waits for something, but not for longer than the limit.
    pub async fn within_limit<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.limit, coming).await.ok()
    }

    /// Waits for something for as long as either side is active.
    pub async fn while_active<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            came = coming => Some(came),
            () = self.idle() => None,
        }
    }

    /// The pieces, and an error in place of the next one once nothing has moved for the limit.
    #[must_use]
    pub fn watch(self, pieces: Pieces) -> Pieces {
        self.touch();
        Box::pin(stream::unfold(Some((pieces, self)), |state| async {
            let (mut pieces, activity) = state?;
            // Time that the reader took does not count as idle time of the writer.
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
