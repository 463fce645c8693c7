//! What the server has shown in one request of a client. A change in that request need not ask for it
//! again before it writes. Reads of the request are sent each time: the sidecar decides which are
//! needed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::row::{Row, Rows};
use crate::ids::Uid;

/// How long a row counts as shown in this request: a batch can be long.
const LASTING: Duration = Duration::from_secs(2);
/// The most rows that are kept.
const MOST: usize = 64;

/// What the server has shown since the last change of the request.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Shown>);

/// What a change can start from.
#[derive(Debug, Default)]
pub(super) struct Shown {
    rows: Vec<(Instant, Row)>,
    list: Option<(Instant, Rows)>,
}

impl Seen {
    fn change<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a row that was asked for at this time.
    pub(super) fn keep(&self, asked: Instant, row: &Row) {
        self.change(|shown| {
            shown.rows.retain(|(_, one)| one.id != row.id);
            if shown.rows.len() < MOST {
                shown.rows.push((asked, row.clone()));
            }
        });
    }

    /// Keeps the list of all users.
    pub(super) fn keep_list(&self, asked: Instant, rows: &Rows) {
        self.change(|shown| shown.list = Some((asked, rows.clone())));
    }

    /// Takes what was shown: the request changes something now.
    pub(super) fn take(&self, now: Instant) -> Shown {
        let mut shown = self.change(std::mem::take);
        let is_young = |asked: &Instant| now.saturating_duration_since(*asked) < LASTING;
        shown.rows.retain(|(asked, _)| is_young(asked));
        shown.list = shown.list.filter(|(asked, _)| is_young(asked));
        shown
    }
}

impl Shown {
    /// The row of this user.
    pub(super) fn row(&self, id: Uid) -> Option<Row> {
        self.rows.iter().find(|(_, row)| row.id == id).map(|(_, row)| row.clone())
    }

    /// The list of all users.
    pub(super) fn list(self) -> Option<Rows> {
        self.list.map(|(_, rows)| rows)
    }
}

#[cfg(test)]
mod tests {
    use isogloss_canonical::user::User;

    use super::*;
    use crate::ids::Gid;

    fn row(id: i32) -> Row {
        Row { id: Uid(id), group: Gid(1), user: User::seen("ada") }
    }

    #[test]
    fn a_change_takes_what_is_young_and_leaves_nothing() {
        let (seen, now) = (Seen::default(), Instant::now());
        seen.keep(now, &row(1));
        seen.keep(now + LASTING, &row(2));
        seen.keep_list(now, &Rows::default());
        let shown = seen.take(now + LASTING);
        assert_eq!((shown.row(Uid(1)), shown.row(Uid(2))), (None, Some(row(2))));
        assert!(shown.list().is_none());
        assert_eq!(seen.take(now).row(Uid(2)), None);
    }
}
