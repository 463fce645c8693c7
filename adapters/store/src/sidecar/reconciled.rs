//! The result of reconciling the records with a reading.

use isogloss_canonical::user::User;

use crate::sidecar::record::Record;

/// The result of reconciling the records with a reading.
#[derive(Debug)]
pub enum Reconciled {
    /// The records of the people of the reading, in its order. An error: the reason why a person
    /// has none for now.
    Records(Vec<Result<User, &'static str>>),
    /// Nothing was changed. The people of these records must be looked up first, each by the
    /// system's id.
    LookUp(Vec<Record>),
    /// Nothing was changed, because the records have changed since the reading began.
    Stale,
}
