//! The result of reconciling the records with a reading.

use isogloss_canonical::user::User;

use crate::sidecar::record::Record;

/// The result of reconciling the records with a reading.
#[derive(Debug)]
pub enum Reconciled {
    /// The records of those who were seen, in their order; or why somebody has none for now.
    Records(Vec<Result<User, &'static str>>),
    /// Nothing was changed: where these are must be asked first, each by the system's own id.
    LookUp(Vec<Record>),
    /// Nothing was changed: the records have changed since the reading began.
    Stale,
}
