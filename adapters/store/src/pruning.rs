//! Keeps the session store within its limits, also while nobody writes. A caller without
//! credentials must not be able to fill the disk.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use isogloss_canonical::fault::Fault;
use tokio::time::sleep;
use uuid::Uuid;

use crate::inner::Inner;
use crate::rows::{after, fresh_id, now};
use crate::sql::{self, Connection, column};

/// One in this many writes also deletes expired rows.
const PRUNE_EVERY: u64 = 256;

/// How many rows one transaction deletes: more than are written in the meantime, and few enough
/// that other writes do not wait long.
const AT_ONCE: i64 = 1024;

/// The time between two rounds of pruning.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

/// The name of this work among the leases.
const WORK: &str = "pruning";

/// How long a gateway that dies while it prunes keeps the others from it.
const LEASE: Duration = Duration::from_mins(1);

/// One in this many rounds runs even if nothing was written.
const ALWAYS_AFTER: u64 = 6;

/// A row that lasts longer than this is not a session. The limits of a kind do not delete it.
const FOR_A_WHILE: Duration = Duration::from_hours(24 * 400);

/// The limits of each kind.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    rows: i64,
    bytes: i64,
}

const BOUNDS: Bounds = Bounds { rows: 200_000, bytes: 64 << 20 };

/// The size of one kind.
struct Size {
    kind: String,
    rows: i64,
    bytes: i64,
}

/// Prunes until the store is dropped or closed.
///
/// Of several gateways with one database, one prunes at a time.
pub(crate) async fn keep(store: Weak<Inner>, pause: Duration) {
    let holder = fresh_id();
    for round in 1_u64.. {
        sleep(pause).await;
        let Some(store) = store.upgrade().filter(|store| !store.database.is_closed()) else {
            return;
        };
        let writes = store.pruning.writes.load(Ordering::Relaxed);
        let written = store.pruning.seen.swap(writes, Ordering::Relaxed) != writes;
        if !written && !round.is_multiple_of(ALWAYS_AFTER) {
            continue;
        }
        if let Err(fault) = store.tidy_if_nobody_does(holder, pause).await {
            tracing::warn!(%fault, cause = ?fault.source, "the session store cannot be pruned");
        }
    }
}

impl Inner {
    /// Each write calls this. One in [`PRUNE_EVERY`] calls deletes some expired rows.
    pub(crate) async fn prune(&self, write: &mut Connection) -> Result<(), Fault> {
        if !self.pruning.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(PRUNE_EVERY) {
            return Ok(());
        }
        let sql = "DELETE FROM session_store WHERE (kind, digest) IN \
                   (SELECT kind, digest FROM session_store WHERE expires <= $1 LIMIT $2)";
        let query = sql::query(sql).bind(now()).bind(AT_ONCE);
        query.execute(write).await.map(drop)
    }

    /// Prunes, unless another gateway does it or has done it within half a pause.
    async fn tidy_if_nobody_does(&self, holder: Uuid, pause: Duration) -> Result<(), Fault> {
        if !self.database.take_work(WORK, holder, LEASE).await? {
            return Ok(());
        }
        self.tidy(BOUNDS).await?;
        self.database.finish_work(WORK, holder, pause / 2).await
    }

    /// Deletes all expired rows, and the rows beyond the limits.
    async fn tidy(&self, bounds: Bounds) -> Result<(), Fault> {
        while self.is_something_past().await? {
            self.delete(None, AT_ONCE).await?;
        }
        for size in self.sizes().await? {
            let mut excess = size.excess(bounds);
            if excess > 0 {
                let Size { kind, rows, bytes } = &size;
                tracing::warn!(
                    kind,
                    rows,
                    bytes,
                    excess,
                    "the session store is over its limit; rows that expire first are deleted"
                );
            }
            while excess > 0 {
                self.delete(Some(&size.kind), excess.min(AT_ONCE)).await?;
                excess -= AT_ONCE;
            }
        }
        Ok(())
    }

    async fn is_something_past(&self) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM session_store WHERE expires <= $1 LIMIT 1";
        let query = sql::query(sql).bind(now());
        Ok(query.fetch_optional(&mut self.database.list().await?).await?.is_some())
    }

    /// The size of each kind. It uses a reading connection, because counting many rows takes time.
    async fn sizes(&self) -> Result<Vec<Size>, Fault> {
        let sql = "SELECT kind, COUNT(*), COALESCE(SUM(OCTET_LENGTH(sealed)), 0) FROM session_store \
                   WHERE expires <= $1 GROUP BY kind";
        let query = sql::query(sql).bind(after(now(), FOR_A_WHILE));
        let rows = query.fetch_all(&mut self.database.list().await?).await?;
        let size =
            |row| Ok(Size { kind: column(row, 0)?, rows: column(row, 1)?, bytes: column(row, 2)? });
        rows.iter().map(size).collect()
    }

    /// Deletes up to `rows` rows: of a kind, those that expire first; without a kind, expired ones.
    async fn delete(&self, kind: Option<&str>, rows: i64) -> Result<(), Fault> {
        let until = if kind.is_some() { after(now(), FOR_A_WHILE) } else { now() };
        let sql = "DELETE FROM session_store WHERE (kind, digest) IN (SELECT kind, digest FROM session_store \
                   WHERE ($1 IS NULL OR kind = $1) AND expires <= $2 ORDER BY expires LIMIT $3)";
        self.database
            .transact(|mut write| async move {
                let query = sql::query(sql).bind(kind).bind(until).bind(rows);
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }
}

impl Size {
    /// How many rows must be deleted, if all rows have the same size.
    fn excess(&self, bounds: Bounds) -> i64 {
        let by_bytes = (self.bytes - bounds.bytes).max(0);
        let share = i128::from(self.rows) * i128::from(by_bytes);
        let share = share.checked_div(i128::from(self.bytes)).unwrap_or_default();
        let by_bytes = i64::try_from(share).unwrap_or(self.rows);
        (self.rows - bounds.rows).max(by_bytes).max(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use isogloss_canonical::session_store::SessionStore;
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::store::Store;

    const LONG: Duration = Duration::from_hours(1);

    async fn rows(store: &Store, kind: &str) -> i64 {
        let sql = "SELECT COUNT(*) FROM session_store WHERE kind = $1";
        let mut read = store.0.database.read().await.unwrap();
        sql::query(sql).bind(kind).only(&mut read).await.unwrap()
    }

    async fn fresh() -> (TempDir, Store) {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path(), Vec::new()).await.unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn each_kind_keeps_what_lasts_longest_within_its_bounds() {
        let (_folder, store) = fresh().await;
        for number in 0..20_u32 {
            let key = number.to_string();
            store.remember("t.many", &key, json!(number), LONG * (number + 1)).await.unwrap();
            store.remember("t.large", &key, json!("x".repeat(1000)), LONG).await.unwrap();
            store.count("t.count", &key, LONG).await.unwrap();
        }
        store.remember("t.many", "for ever", json!(1), Duration::MAX).await.unwrap();
        store.remember("t.few", "one", json!(1), LONG).await.unwrap();
        store.0.tidy(Bounds { rows: 8, bytes: 5000 }).await.unwrap();
        assert_eq!(rows(&store, "t.many").await, 9);
        assert_eq!(rows(&store, "t.count").await, 8);
        assert_eq!(rows(&store, "t.few").await, 1);
        assert!((1..=5).contains(&rows(&store, "t.large").await));
        assert_eq!(store.recall("t.many", "11").await.unwrap(), None);
        assert_eq!(store.recall("t.many", "12").await.unwrap(), Some(json!(12)));
        assert_eq!(store.recall("t.many", "for ever").await.unwrap(), Some(json!(1)));
    }

    #[tokio::test]
    async fn what_is_past_its_time_goes_without_further_writes() {
        let (_folder, store) = fresh().await;
        for number in 0..10 {
            let key = number.to_string();
            store.remember("t.short", &key, json!(1), Duration::from_millis(1)).await.unwrap();
        }
        store.remember("t.short", "long", json!(1), LONG).await.unwrap();
        assert!(rows(&store, "t.short").await > 1);
        tokio::spawn(keep(Arc::downgrade(&store.0), Duration::from_millis(5)));
        let pruned = async {
            while rows(&store, "t.short").await > 1 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), pruned).await.unwrap();
        assert_eq!(store.recall("t.short", "long").await.unwrap(), Some(json!(1)));
    }

    #[tokio::test]
    async fn a_store_that_is_dropped_is_not_kept_alive() {
        let (_folder, store) = fresh().await;
        let alive = Arc::downgrade(&store.0);
        drop(store);
        assert!(alive.upgrade().is_none());
    }
}
