//! Turns errors of the database into canonical faults.
//!
//! The detail is for the log and the operator. It says what is wrong with the store and what to do.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;

/// The unique indexes, and what each one keeps unique. SQLite's error has the columns, PostgreSQL's
/// the name of the index.
const GUARDS: [(&str, &str, Subject); 7] = [
    ("users.username", "users_username", Subject::Username),
    ("users.folded_name", "users_held_name", Subject::Username),
    ("users.folded_email", "users_held_email", Subject::Email),
    ("groups.namespace, groups.name", "groups_held_name", Subject::Group),
    ("groups.namespace, groups.unique_name", "groups_unique_name", Subject::Group),
    ("aliases.folded", "aliases_folded", Subject::Username),
    ("memberships.group_id", "memberships_pkey", Subject::Membership),
];

const LOCKED: &str = "isogloss.sqlite is locked: another process has been writing to the store \
                      for more than 5 s; try again, and look for that process if it stays so";
const READ_ONLY: &str = "isogloss.sqlite cannot be written: it, its -wal and -shm files and their \
                         directory must belong to the user that runs isogloss";
const DAMAGED: &str = "isogloss.sqlite is damaged; restore it and secret.key from the same backup";

/// SQLite's primary result codes that are about the file, the disk or another process.
const STATES: [(i32, FaultKind, &str); 9] = [
    (5, FaultKind::Timeout, LOCKED),
    (6, FaultKind::Timeout, LOCKED),
    (8, FaultKind::Unavailable, READ_ONLY),
    (10, FaultKind::Unavailable, "the disk below isogloss.sqlite fails to read or to write"),
    (11, FaultKind::Unexpected, DAMAGED),
    (13, FaultKind::Unavailable, "the disk is full: isogloss.sqlite cannot grow; make room"),
    (14, FaultKind::Unavailable, "isogloss.sqlite cannot be opened"),
    (23, FaultKind::Unavailable, READ_ONLY),
    (26, FaultKind::Unexpected, DAMAGED),
];

/// An error that says nothing about the file or the server.
const UNKNOWN: (FaultKind, &str) = (FaultKind::Unexpected, "the store's database");

/// The server cannot be used now.
pub(crate) const DOWN: &str = "the database server is stopping, starting or refusing connections";
/// The server is not the primary one.
pub(crate) const STANDBY: &str =
    "the database server is a standby or read-only; name the primary server";
const CONTENDED: &str = "another write to the database did not end in time; try again";

/// PostgreSQL's codes for a serialisation failure and a deadlock.
const UNORDERED: [&str; 2] = ["40001", "40P01"];

/// PostgreSQL's error codes that are about the server, by their beginning.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const SERVER_STATES: [(&str, FaultKind, &str); 11] = [
    ("08", FaultKind::Unavailable, "the connection to the database server is broken"),
    ("25006", FaultKind::Unavailable, STANDBY),
    ("28", FaultKind::Unavailable, "the database server refuses the user or the password"),
    ("3D", FaultKind::Unavailable, "the database does not exist"),
    ("40", FaultKind::Timeout, CONTENDED),
    ("42501", FaultKind::Unavailable, "the database user may not use the tables"),
    ("53", FaultKind::Unavailable, "the database server lacks disk space, memory or connections"),
    ("54000", FaultKind::TooLarge, "a name or an address is too long for an index of the database"),
    ("55P03", FaultKind::Timeout, CONTENDED),
    ("57014", FaultKind::Timeout, "a statement was cancelled: it took too long"),
    ("57", FaultKind::Unavailable, DOWN),
];

/// The fault for a failure of the database.
pub(crate) fn fault(error: Error) -> Fault {
    if let Error::Database(database) = &error {
        return refused(&**database).because(error);
    }
    let (kind, detail) = if matches!(error, Error::PoolTimedOut) {
        let busy = "the store is busy: other requests have held its connections for more than 5 s";
        (FaultKind::Timeout, busy)
    } else if matches!(error, Error::PoolClosed) {
        (FaultKind::Unavailable, "the store is closed")
    } else if matches!(error, Error::WorkerCrashed | Error::Io(_)) {
        (FaultKind::Unavailable, "the store's database cannot be reached")
    } else {
        UNKNOWN
    };
    Fault::new(kind, detail).because(error)
}

/// The fault for a failure of a connection that runs its statements in the thread of the caller.
pub(crate) fn file_fault(error: rusqlite::Error) -> Fault {
    let code = error.sqlite_error().map(|failure| failure.extended_code);
    let (kind, detail) = code.and_then(file_state).unwrap_or(UNKNOWN);
    Fault::new(kind, detail).because(error)
}

/// Whether the engine could not order a transaction among the others, and has rolled it back. It
/// says so before or at the commit. CockroachDB and YugabyteDB say it often, PostgreSQL seldom.
pub(crate) fn is_unordered(fault: &Fault) -> bool {
    let cause = fault.source.as_deref().and_then(|cause| cause.downcast_ref::<Error>());
    let Some(Error::Database(error)) = cause else { return false };
    let code = error.code();
    error.try_downcast_ref::<PgDatabaseError>().is_some()
        && code.is_some_and(|code| UNORDERED.contains(&&*code))
}

fn refused(error: &dyn DatabaseError) -> Fault {
    if error.kind() == ErrorKind::UniqueViolation {
        return taken(error);
    }
    if error.kind() == ErrorKind::ForeignKeyViolation {
        return Fault::not_found(Subject::User);
    }
    let (kind, detail) = state(error).unwrap_or(UNKNOWN);
    Fault::new(kind, detail)
}

fn taken(error: &dyn DatabaseError) -> Fault {
    let guard = GUARDS.iter().find(|(columns, index, _)| {
        error.constraint() == Some(index) || error.message().contains(columns)
    });
    match guard {
        Some((.., subject)) => Fault::conflict(*subject),
        None => Fault::new(FaultKind::Conflict, "it exists already"),
    }
}

/// The row of [`STATES`] or [`SERVER_STATES`] for an error.
fn state(error: &dyn DatabaseError) -> Option<(FaultKind, &'static str)> {
    if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        let code = error.code()?;
        let row = SERVER_STATES.iter().find(|row| code.starts_with(row.0));
        return row.map(|(_, kind, detail)| (*kind, *detail));
    }
    file_state(error.code().and_then(|code| code.parse().ok())?)
}

/// The row of [`STATES`] for a code of SQLite. Only the low byte counts: the higher bytes have details.
fn file_state(code: i32) -> Option<(FaultKind, &'static str)> {
    STATES.iter().find(|row| row.0 == code & 0xff).map(|(_, kind, detail)| (*kind, *detail))
}

/// The fault of a connection that is used after its end.
pub(crate) fn closed() -> Fault {
    Fault::new(FaultKind::Unexpected, "the connection was given back")
}
