//! Looks for many words at once.

use isogloss_canonical::fault::Fault;

use crate::sql::{Builder, Connection, Row};

/// The words of one statement.
const WORDS: usize = 500;

/// A statement that looks for words. Example: `SELECT id FROM users WHERE backend = `, then the backend
/// and ` AND username IN `, then the words, then `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'l> {
    pub(super) sql: &'static str,
    /// The values before the words, each with what follows it.
    pub(super) fixed: &'l [(&'l str, &'static str)],
    pub(super) end: &'static str,
}

/// The rows for all words.
pub(super) async fn among(
    database: &mut Connection,
    look: Look<'_>,
    words: &[impl AsRef<str>],
) -> Result<Vec<Row>, Fault> {
    let mut found = Vec::new();
    for part in words.chunks(WORDS) {
        let mut query = Builder::with_many(database, look.sql);
        for (value, next) in look.fixed {
            query.push_bind(*value).push(next);
        }
        // The last word is repeated, so that all parts have the same statement, prepared once.
        let last = part.last().into_iter().cycle();
        for (at, word) in part.iter().chain(last).take(WORDS).enumerate() {
            query.push(if at == 0 { "(" } else { ", " }).push_bind(word.as_ref());
        }
        query.push(")").push(look.end);
        found.extend(query.build().fetch_all(database).await?);
    }
    Ok(found)
}
