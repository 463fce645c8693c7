//! What the database says went wrong, as a canonical fault.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};

/// Whose uniqueness an index guards. SQLite names the columns, PostgreSQL the index.
const GUARDS: [(&str, &str, Subject); 3] = [
    ("users.username", "users_username", Subject::Username),
    ("groups.realm, groups.unique_name", "groups_unique_name", Subject::Group),
    ("memberships.group_id", "memberships_pkey", Subject::Membership),
];

/// SQLite's primary result codes for what is not the database's fault: somebody else is writing
/// (busy, locked), or the disk is read-only, broken, full or gone.
const OUTAGES: [i32; 6] = [5, 6, 8, 10, 13, 14];

/// The fault for a failure of the database.
pub(crate) fn fault(error: Error) -> Fault {
    let kind = match &error {
        Error::Database(database) => return refused(&**database).because(error),
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => {
            FaultKind::Unavailable
        }
        _ => FaultKind::Unexpected,
    };
    Fault::new(kind, "the store's database").because(error)
}

fn refused(error: &dyn DatabaseError) -> Fault {
    match error.kind() {
        ErrorKind::UniqueViolation => taken(error),
        ErrorKind::ForeignKeyViolation => Fault::not_found(Subject::User),
        _ if is_outage(error) => Fault::new(FaultKind::Unavailable, "the store's database"),
        _ => Fault::new(FaultKind::Unexpected, "the store's database"),
    }
}

fn taken(error: &dyn DatabaseError) -> Fault {
    let guard = GUARDS.iter().find(|(columns, index, _)| {
        error.constraint() == Some(index) || error.message().contains(columns)
    });
    match guard {
        Some((.., subject)) => Fault::conflict(*subject),
        None => Fault::new(FaultKind::Conflict, "something like it is there already"),
    }
}

fn is_outage(error: &dyn DatabaseError) -> bool {
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| OUTAGES.contains(&(code & 0xff)))
}
