//! When bytes last moved between two sides, and what is done about it when none do.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use crate::upstream::passage::Pieces;

/// The activity of one exchange, in both directions. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    began: Instant,
    limit: Duration,
    /// In milliseconds since it began.
    last: Arc<AtomicU64>,
}

impl Activity {
    /// Begins now; it may rest for this long.
    pub(super) fn new(limit: Duration) -> Self {
        Self { began: Instant::now(), limit, last: Arc::default() }
    }

    /// Something has moved.
    pub(super) fn touch(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Completes once nothing has moved for the limit.
    pub(super) async fn rests(&self) {
        loop {
            let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
            let due = self.began + last + self.limit;
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }

    /// Waits for something, but not for longer than a side may rest by itself.
    pub(super) async fn within<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.limit, coming).await.ok()
    }

    /// Waits for something for as long as either side goes on.
    pub(super) async fn meanwhile<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            came = coming => Some(came),
            () = self.rests() => None,
        }
    }

    /// The pieces, and an error in place of the next one once nothing has moved for the limit.
    pub(super) fn watch(self, pieces: Pieces) -> Pieces {
        self.touch();
        Box::pin(stream::unfold(Some((pieces, self)), |state| async {
            let (mut pieces, activity) = state?;
            // Time that the reader took is not the writer's rest.
            activity.touch();
            let next = tokio::select! {
                next = pieces.next() => next?,
                () = activity.rests() => Err(io::ErrorKind::TimedOut.into()),
            };
            let state = next.is_ok().then_some((pieces, activity));
            Some((next, state))
        }))
    }
}
