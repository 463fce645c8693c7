//! Claims on names: only one creation or rename with a name runs at a time, on all gateways.

use std::fmt;
use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::rows::{after, fresh_id};
use crate::sidecar::records::Records;
use crate::sql::{self, Connection};
use crate::store::Store;

/// The age after which a claim is invalid: its gateway has ended.
const LASTING: Duration = Duration::from_mins(1);
/// How long a request waits for another one with the same name.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The time between two attempts.
const PAUSE: Duration = Duration::from_millis(15);

/// A claim on names. While it is held, no other request creates these names or renames to them.
pub struct Claim {
    store: Store,
    holder: Uuid,
    released: bool,
}

impl Records {
    /// Waits until all these names are free and claims them. Names that differ only in case or
    /// outer blanks are equal.
    pub async fn claim(&self, names: &[&str]) -> Result<Claim, Fault> {
        let keys = names.iter().map(|name| self.claimed(name)).collect();
        Claim::take(&self.store, keys, Some(TIMEOUT)).await
    }

    /// The key of a claim. The name of a backend has no slash.
    fn claimed(&self, name: &str) -> String {
        format!("{}/{}", self.inner().backend, name.trim().to_lowercase())
    }
}

async fn try_claim(store: &Store, keys: &[String], holder: Uuid) -> Result<bool, Fault> {
    store
        .0
        .database
        .transact(|mut write| async move {
            let now = store.0.database.clock(&mut write).await?;
            for key in keys {
                let sql = "INSERT INTO claims (name, holder, until) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, \
                   until = excluded.until WHERE claims.until <= $4";
                let query = sql::query(sql).bind(key).bind(holder.to_string());
                let query = query.bind(after(now, LASTING)).bind(now);
                if query.execute(&mut write).await? == 0 {
                    let sql = "DELETE FROM claims WHERE holder = $1";
                    sql::query(sql).bind(holder.to_string()).execute(&mut write).await?;
                    write.commit().await?;
                    return Ok(false);
                }
            }
            write.commit().await?;
            Ok(true)
        })
        .await
}

impl Claim {
    /// Waits until all these keys are free and claims them. `None`: as long as it takes.
    pub(crate) async fn take(
        store: &Store,
        mut keys: Vec<String>,
        patience: Option<Duration>,
    ) -> Result<Self, Fault> {
        keys.sort();
        keys.dedup();
        let holder = fresh_id();
        let deadline = patience.map(|patience| Instant::now() + patience);
        while !try_claim(store, &keys, holder).await? {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let detail = "another creation or rename with this name does not end";
                return Err(Fault::new(FaultKind::Unavailable, detail));
            }
            sleep(PAUSE).await;
        }
        Ok(Self { store: store.clone(), holder, released: false })
    }

    /// Makes the claim last longer, from now, in a transaction of the work that it protects. It is a
    /// fault if another gateway has taken the claim over: this one was silent for too long.
    pub(crate) async fn renew(&self, write: &mut Connection) -> Result<(), Fault> {
        let now = self.store.0.database.clock(write).await?;
        let sql = "UPDATE claims SET until = $2 WHERE holder = $1";
        let query = sql::query(sql).bind(self.holder.to_string()).bind(after(now, LASTING));
        match query.execute(write).await? {
            0 => Err(Fault::new(FaultKind::Unavailable, "another gateway does this work now")),
            _ => Ok(()),
        }
    }

    /// Releases the names. A failure is ignored, because the claim expires.
    pub async fn release(mut self) {
        self.released = true;
        release(&self.store, self.holder).await;
    }
}

/// A cancelled request releases its names too.
impl Drop for Claim {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        let (store, holder) = (self.store.clone(), self.holder);
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { release(&store, holder).await });
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("holder", &self.holder).finish_non_exhaustive()
    }
}

async fn release(store: &Store, holder: Uuid) {
    let done = async {
        store
            .0
            .database
            .transact(|mut write| async move {
                let query =
                    sql::query("DELETE FROM claims WHERE holder = $1").bind(holder.to_string());
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    };
    if let Err(fault) = done.await {
        tracing::warn!(%fault, "a claimed name is not released; it expires");
    }
}
