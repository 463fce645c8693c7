//! Tests whether the store can write, at most once in five seconds.

use std::time::{Duration, Instant};

use isogloss_canonical::fault::Fault;
use tokio::sync::Mutex;

use crate::database::Database;

/// How long a result is valid. The health page needs no credentials, so this limits the writes that
/// its callers can cause.
const VALID_FOR: Duration = Duration::from_secs(5);

/// The last result and the time of the test.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Option<(Instant, Result<(), Fault>)>>);

impl Health {
    /// Returns the last result while it is valid. Otherwise tests that a small row can be written.
    pub(crate) async fn check(&self, database: &Database) -> Result<(), Fault> {
        let mut last = self.0.lock().await;
        if let Some((made, result)) = &*last
            && made.elapsed() < VALID_FOR
        {
            return result.clone();
        }
        let result = database.check_writable().await;
        *last = Some((Instant::now(), result.clone()));
        result
    }
}
