//! The people, teams and keys that the system has shown during one request. What was read once in a
//! request is not read again.
//!
//! A memo has rows of the system, not records: locks, keys and attributes are always read from the
//! sidecar. It is cleared by every write of the request, and a row is too old after two seconds, so
//! that a long batch of a person who is deactivated in the meantime ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use isogloss_canonical::group::Group;
use isogloss_canonical::membership::{GroupId, GroupRef};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserId};
use jiff::Timestamp;

/// How long a row counts as read in this request.
const LASTING: Duration = Duration::from_secs(2);
/// The most rows of one kind in a request.
const MOST: usize = 256;

/// What the system has shown in one request.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Rows>);

#[derive(Debug, Default)]
pub(super) struct Rows {
    /// How many writes the request has begun or ended.
    writes: u64,
    pub(super) people: Vec<Shown<User, UserId>>,
    pub(super) teams: Vec<Shown<Group, GroupId>>,
    /// All people, as the last list showed them.
    pub(super) everybody: Option<Shown<Vec<User>, ()>>,
    /// The system's own rights groups, by the references that were asked for.
    pub(super) rights: Vec<(GroupRef, Shown<Group, ()>)>,
    /// Keys of the system, with the owner. The application's have none.
    pub(super) keys: Vec<Shown<Secret, Option<UserId>>>,
}

/// A row of the system.
#[derive(Clone, Debug)]
pub(super) struct Shown<R, I> {
    pub(super) row: R,
    /// The record.
    pub(super) id: I,
    /// When the row was reconciled. A later change of the record makes it useless.
    pub(super) reconciled: Timestamp,
    read: Instant,
}

impl<R, I> Shown<R, I> {
    pub(super) fn new(before: Before, row: R, id: I) -> Self {
        Self { row, id, reconciled: Timestamp::now(), read: before.begun }
    }

    fn is_young(&self) -> bool {
        self.read.elapsed() < LASTING
    }
}

/// The moment before a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    writes: u64,
    begun: Instant,
}

impl Memo {
    pub(super) fn rows<T>(&self, change: impl FnOnce(&mut Rows) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The moment before a read of the system.
    pub(super) fn before(&self) -> Before {
        Before { writes: self.rows(|rows| rows.writes), begun: Instant::now() }
    }

    /// All people, if this request has listed them just now.
    pub(super) fn everybody(&self) -> Option<Vec<User>> {
        self.rows(|rows| {
            let listed = rows.everybody.as_ref().filter(|one| one.is_young());
            listed.map(|one| one.row.clone())
        })
    }

    /// A rights group, if this request has read it just now.
    pub(super) fn rights(&self, wanted: &GroupRef) -> Option<Group> {
        self.rows(|rows| {
            rows.rights.retain(|(_, shown)| shown.is_young());
            let found = rows.rights.iter().find(|(asked, _)| asked == wanted);
            found.map(|(_, shown)| shown.row.clone())
        })
    }

    /// Forgets everything: the request writes.
    pub(super) fn clear(&self) {
        self.rows(|rows| *rows = Rows { writes: rows.writes + 1, ..Rows::default() });
    }

    /// Adds rows, unless the request has written since the read began.
    pub(super) fn keep(&self, before: Before, add: impl FnOnce(&mut Rows)) {
        self.rows(|rows| {
            if rows.writes == before.writes {
                add(rows);
            }
        });
    }
}

/// Adds a row in place of an older one of the same record.
pub(super) fn put<R, I: PartialEq>(rows: &mut Vec<Shown<R, I>>, row: Shown<R, I>) {
    rows.retain(|one| one.id != row.id);
    if rows.len() < MOST {
        rows.push(row);
    }
}

/// The first row that is meant and is not too old.
pub(super) fn find<R: Clone, I: Copy>(
    rows: &mut Vec<Shown<R, I>>,
    is_meant: impl Fn(&R) -> bool,
) -> Option<Shown<R, I>> {
    rows.retain(Shown::is_young);
    rows.iter().find(|one| is_meant(&one.row)).cloned()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keep(memo: &Memo, before: Before, name: &str, id: u128) {
        let shown = Shown::new(before, User::seen(name), UserId(Uuid::from_u128(id)));
        memo.keep(before, |rows| put(&mut rows.people, shown));
    }

    fn has(memo: &Memo, name: &str) -> bool {
        memo.rows(|rows| find(&mut rows.people, |row| row.username == name)).is_some()
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
        assert_eq!(memo.rows(|rows| rows.people.len()), MOST);
    }
}
