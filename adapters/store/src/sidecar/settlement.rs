//! What came of settling a reading.

use isogloss_canonical::user::User;

use crate::sidecar::records::Record;

/// What came of settling a reading.
#[derive(Debug)]
pub enum Settlement {
    /// The records of those who were seen, in their order; or why somebody has none for now.
    Settled(Vec<Result<User, &'static str>>),
    /// Nothing was changed: where these are must be asked first, each by the system's own id.
    Look(Vec<Record>),
    /// Nothing was changed: the records have changed since the reading began.
    Stale,
}
