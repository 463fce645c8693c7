//! The people whom the system has shown during one request. What was read once in a request is not
//! read again.
//!
//! A memo has rows of the system, not records: locks, keys and attributes are always read from the
//! sidecar. It is cleared by every write of the request, and a row is too old after two seconds, so
//! that a long batch of a person who is deactivated in the meantime ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use isogloss_canonical::fault::Fault;
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::user::{User, UserId, UserRef};
use isogloss_store::State;
use jiff::Timestamp;

use crate::layers::sidecar::fields;
use crate::layers::sidecar::layer::Sidecar;

/// How long a row counts as read in this request.
const LASTING: Duration = Duration::from_secs(2);
/// The most rows of a request.
const MOST: usize = 256;

/// The rows that the system has shown in one request.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// How many writes the request has begun or ended.
    writes: u64,
    shown: Vec<Shown>,
}

/// A row of the system.
#[derive(Clone, Debug)]
struct Shown {
    row: User,
    /// The record of the person.
    id: UserId,
    /// When the row was reconciled. A later change of the record makes it useless.
    reconciled: Timestamp,
    read: Instant,
}

/// The moment before a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    writes: u64,
    begun: Instant,
}

impl Memo {
    fn rows<T>(&self, change: impl FnOnce(&mut Rows) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The moment before a read of the system.
    fn before(&self) -> Before {
        Before { writes: self.rows(|rows| rows.writes), begun: Instant::now() }
    }

    /// Forgets everything: the request writes.
    fn clear(&self) {
        self.rows(|rows| {
            rows.writes += 1;
            rows.shown.clear();
        });
    }

    /// Keeps a row, unless the request has written since the read began.
    fn keep(&self, before: Before, row: User, id: UserId) {
        let shown = Shown { row, id, reconciled: Timestamp::now(), read: before.begun };
        self.rows(|rows| {
            rows.shown.retain(|one| one.id != id);
            if rows.writes == before.writes && rows.shown.len() < MOST {
                rows.shown.push(shown);
            }
        });
    }

    fn find(&self, is_meant: impl Fn(&User) -> bool) -> Option<Shown> {
        self.rows(|rows| {
            rows.shown.retain(|one| one.read.elapsed() < LASTING);
            rows.shown.iter().find(|one| is_meant(&one.row)).cloned()
        })
    }
}

impl Sidecar {
    /// The moment before a read. `None`: not in a request.
    pub(super) fn before(&self) -> Option<Before> {
        self.memo.as_ref().map(|memo| memo.before())
    }

    /// Keeps a row for the rest of the request.
    pub(super) fn keep(&self, before: Option<Before>, row: &User, id: UserId) {
        if let Some((memo, before)) = self.memo.as_ref().zip(before) {
            memo.keep(before, row.clone(), id);
        }
    }

    /// Forgets what the request has read, because it writes.
    pub(super) fn forget_read(&self) {
        if let Some(memo) = &self.memo {
            memo.clear();
        }
    }

    /// The person of a reference of the system, if this request has read the row, and the record
    /// has not changed since.
    pub(super) async fn read_before(&self, user: &UserRef) -> Result<Option<User>, Fault> {
        let is_meant = |row: &User| match user {
            UserRef::Name(name) => row.username == *name,
            UserRef::Native(namespace, id) if *namespace == self.namespace => {
                match self.numbering {
                    Numbering::Names => row.username == *id,
                    Numbering::From(_) => row.native(namespace) == Some(id),
                }
            }
            UserRef::Native(..) | UserRef::Id(_) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                false
            }
        };
        let shown = self.memo.as_ref().and_then(|memo| memo.find(is_meant));
        let Some(Shown { row, id, reconciled, .. }) = shown else { return Ok(None) };
        let record = self.records.find(&UserRef::Id(id)).await?;
        let same = record.filter(|one| one.state == State::Active && one.since <= reconciled);
        Ok(same.map(|record| fields::merge(&self.system, row, record.user)))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keep(memo: &Memo, before: Before, name: &str, id: u128) {
        memo.keep(before, User::seen(name), UserId(Uuid::from_u128(id)));
    }

    fn has(memo: &Memo, name: &str) -> bool {
        memo.find(|row| row.username == name).is_some()
    }

    #[test]
    fn a_write_ends_what_was_read_before_and_meanwhile() {
        let memo = Memo::default();
        keep(&memo, memo.before(), "ada", 1);
        let before = memo.before();
        assert!(has(&memo, "ada"));
        memo.clear();
        keep(&memo, before, "bob", 2);
        assert!(!has(&memo, "ada") && !has(&memo, "bob"));
        keep(&memo, memo.before(), "bob", 2);
        assert!(has(&memo, "bob"));
    }

    #[test]
    fn a_row_is_too_old_after_a_while_and_replaced_by_a_newer_one() {
        let memo = Memo::default();
        let begun = Instant::now().checked_sub(LASTING).unwrap();
        keep(&memo, Before { begun, ..memo.before() }, "ada", 1);
        assert!(!has(&memo, "ada"));
        keep(&memo, memo.before(), "ada", 1);
        keep(&memo, memo.before(), "lovelace", 1);
        assert!(!has(&memo, "ada") && has(&memo, "lovelace"));
    }

    #[test]
    fn the_number_of_rows_is_limited() {
        let memo = Memo::default();
        for number in 0..2 * MOST {
            keep(&memo, memo.before(), "ada", number as u128);
        }
        assert_eq!(memo.rows(|rows| rows.shown.len()), MOST);
    }
}
