//! Counts attempts (for example sign-ins) before they are made, and says who has to wait.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::{Limit, Pace, Wait};

use crate::inner::Inner;
use crate::rows::{after, now, time};
use crate::sql::{self, Connection, column};

impl Inner {
    /// Counts one attempt for each limit, unless a limit is reached. The first check only reads, so
    /// that a refusal costs no write.
    pub(crate) async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        if let Some(wait) = self.waits(&mut self.database.read().await?, limits).await? {
            return Ok(Some(wait));
        }
        self.database
            .transact(|mut write| async move {
                if let Some(wait) = self.waits(&mut write, limits).await? {
                    return Ok(Some(wait));
                }
                for limit in limits {
                    self.add_one(&mut write, limit).await?;
                }
                self.prune(&mut write).await?;
                write.commit().await?;
                Ok(None)
            })
            .await
    }

    pub(crate) async fn clear_attempts(
        &self,
        forget: &[Limit],
        back: &[Limit],
    ) -> Result<(), Fault> {
        self.database
            .transact(|mut write| async move {
                let gone =
                    "DELETE FROM session_store WHERE kind = $1 AND digest = $2 AND tally > 0";
                let last =
                    "DELETE FROM session_store WHERE kind = $1 AND digest = $2 AND tally = 1";
                let less = "UPDATE session_store SET tally = tally - 1 \
                    WHERE kind = $1 AND digest = $2 AND tally > 1";
                let forget = forget.iter().map(|limit| (limit, gone));
                // The order matters: a count of one is deleted first, then a count of two becomes one.
                let back = back.iter().flat_map(|limit| [(limit, last), (limit, less)]);
                for (limit, sql) in forget.chain(back) {
                    let query = sql::query(sql).bind(limit.kind).bind(self.row(limit));
                    query.execute(&mut write).await?;
                }
                write.commit().await
            })
            .await
    }

    /// The digests of a group's rows begin with the digest of the group. One query reads the rows of
    /// all groups.
    pub(crate) async fn waiting(&self, limits: &[Limit]) -> Result<Vec<u64>, Fault> {
        let mut counts = vec![0; limits.len()];
        let Some(first) = limits.first() else { return Ok(counts) };
        let groups: HashMap<_, _> = limits
            .iter()
            .enumerate()
            .filter_map(|(at, limit)| Some((self.group(limit, limit.group.as_ref()?), at)))
            .collect();
        if groups.is_empty() {
            return Ok(counts);
        }
        let now = now();
        let sql = "SELECT digest, tally, expires FROM session_store \
                   WHERE kind = $1 AND digest >= $2 AND digest < $3 AND expires > $4";
        // One group is found by the index. The digits of a digest are all below `g`.
        let only = groups.keys().next().filter(|_| groups.len() == 1).cloned().unwrap_or_default();
        let query = sql::query(sql).bind(first.kind);
        let query = query.bind(only.clone()).bind(only + "g").bind(now);
        let mut read = self.database.list().await?;
        let mut rows = query.fetch(&mut read);
        while let Some(row) = rows.try_next().await? {
            let (digest, tally) = (column::<&str>(&row, 0)?, column(&row, 1)?);
            let group = digest.get(..digest.len() / 2).and_then(|group| groups.get(group));
            let Some(at) = group else { continue };
            let waits =
                until(&limits[*at], tally, column(&row, 2)?).is_some_and(|until| until > now);
            counts[*at] += u64::from(waits);
        }
        Ok(counts)
    }

    /// The digest of a limit's row.
    fn row(&self, limit: &Limit) -> String {
        let group = limit.group.as_ref().map(|group| self.group(limit, group));
        group.unwrap_or_default() + &self.seals.digest(limit.kind, &limit.key)
    }

    /// The first part of the digests of a group's rows.
    fn group(&self, limit: &Limit, group: &str) -> String {
        self.seals.digest(&format!("group {}", limit.kind), group)
    }

    /// The first limit that is reached, and the time until which the caller has to wait.
    async fn waits(
        &self,
        database: &mut Connection,
        limits: &[Limit],
    ) -> Result<Option<Wait>, Fault> {
        let now = now();
        for limit in limits {
            let sql = "SELECT tally, expires FROM session_store \
                       WHERE kind = $1 AND digest = $2 AND expires > $3";
            let digest = self.row(limit);
            let query = sql::query(sql);
            let query = query.bind(limit.kind).bind(digest).bind(now);
            let row = query.fetch_optional(&mut *database).await?;
            let Some(row) = row else { continue };
            let until = until(limit, column(&row, 0)?, column(&row, 1)?);
            if let Some(until) = until.filter(|until| *until > now) {
                return Ok(Some(Wait { kind: limit.kind, until: time(until)? }));
            }
        }
        Ok(None)
    }

    /// Adds one to a limit's count. A `Window` ends a fixed time after its first attempt. A
    /// `Doubling` row expires a fixed time after its last attempt.
    async fn add_one(&self, write: &mut Connection, limit: &Limit) -> Result<(), Fault> {
        let now = now();
        let (lasting, goes_on) = match limit.pace {
            Pace::Window(lasting) => (lasting, false),
            Pace::Doubling { forgotten, .. } => (forgotten, true),
        };
        sql::query(
            "INSERT INTO session_store (kind, digest, sealed, tally, expires) VALUES ($1, $2, NULL, 1, $4) \
             ON CONFLICT (kind, digest) DO UPDATE SET sealed = NULL, \
             tally = CASE WHEN session_store.expires <= $3 THEN 1 ELSE session_store.tally + 1 END, \
             expires = CASE WHEN session_store.expires <= $3 OR $5 THEN excluded.expires \
             ELSE session_store.expires END",
        )
        .bind(limit.kind)
        .bind(self.row(limit))
        .bind(now)
        .bind(after(now, lasting))
        .bind(goes_on)
        .execute(write)
        .await
        .map(drop)
    }
}

/// The end of the wait after `tally` attempts, in microseconds since 1970. `None`: no wait.
fn until(limit: &Limit, tally: i64, expires: i64) -> Option<i64> {
    let over = u64::try_from(tally).unwrap_or_default().checked_sub(limit.free)?;
    match limit.pace {
        Pace::Window(_) => Some(expires),
        Pace::Doubling { first, longest, forgotten } => {
            let times = 1_u32.checked_shl(u32::try_from(over).unwrap_or(u32::MAX));
            let wait = times.and_then(|times| first.checked_mul(times));
            let wait = wait.map_or(longest, |wait| wait.min(longest));
            let micros = i64::try_from(forgotten.as_micros()).unwrap_or(i64::MAX);
            Some(after(expires.saturating_sub(micros), wait))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_doubles_up_to_the_longest() {
        let (first, longest) = (Duration::from_secs(30), Duration::from_secs(100));
        let pace = Pace::Doubling { first, longest, forgotten: Duration::from_secs(1000) };
        let limit = Limit { kind: "test", key: String::new(), group: None, free: 3, pace };
        let wait = |tally| until(&limit, tally, 1_000_000_000);
        assert_eq!(wait(2), None);
        let waits = [3, 4, 5, 6, 100].map(|tally| wait(tally).unwrap() / 1_000_000);
        assert_eq!(waits, [30, 60, 100, 100, 100]);
    }
}
