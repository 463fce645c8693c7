//! Whether the store can write, tested at most once in a while.

use std::time::{Duration, Instant};

use isogloss_canonical::fault::Fault;
use tokio::sync::Mutex;

use crate::database::Database;

/// How long a result counts. Anybody may ask: so a question costs a write once in this time at most.
const VALID_FOR: Duration = Duration::from_secs(5);

/// The last test, and when it was made.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Option<(Instant, Result<(), Fault>)>>);

impl Health {
    /// Tests that a small row can be written, or answers the last result while it counts.
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
