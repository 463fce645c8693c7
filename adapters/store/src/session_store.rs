//! The session store. Its keys are stored as keyed hashes and its values encrypted, because both
//! can be secrets.
#![allow(clippy::similar_names, reason = "`kind` is the trait's own word")]

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::session_store::{Limit, SessionKind, SessionStore, Wait};
use serde_json::Value;

use crate::inner::Inner;
use crate::rows::{after, from_json, now, to_json};
use crate::sql::{self, column};
use crate::store::Store;

/// The longest value, in bytes. Values of the dialects are much shorter. Longer ones could fill the
/// disk.
const LONGEST: usize = 256 * 1024;

const REMEMBER: &str = "INSERT INTO session_store (kind, digest, sealed, tally, expires) \
     VALUES ($1, $2, $3, 0, $4) ON CONFLICT (kind, digest) DO UPDATE \
     SET sealed = excluded.sealed, tally = 0, expires = excluded.expires";

const COUNT: &str = "INSERT INTO session_store (kind, digest, sealed, tally, expires) \
     VALUES ($1, $2, NULL, 1, $4) ON CONFLICT (kind, digest) DO UPDATE SET sealed = NULL, \
     tally = CASE WHEN session_store.expires <= $3 THEN 1 ELSE session_store.tally + 1 END, \
     expires = CASE WHEN session_store.expires <= $3 THEN excluded.expires \
     ELSE session_store.expires END RETURNING tally";

/// A stored value, sealed; or a count.
type Stored = (Option<String>, i64);

impl Inner {
    fn opened(&self, digest: &str, (sealed, tally): Stored) -> Result<Value, Fault> {
        match sealed {
            Some(sealed) => from_json(&self.seals.open(&sealed, digest)?),
            None => Ok(tally.into()),
        }
    }

    /// Reads all rows of the kind, and takes those of the keys: there are as many queries for a
    /// thousand keys as for one.
    async fn recall_all(
        &self,
        kind: SessionKind,
        keys: &[String],
    ) -> Result<Vec<Option<Value>>, Fault> {
        let mut values = vec![None; keys.len()];
        let places: HashMap<_, _> =
            keys.iter().enumerate().map(|(at, key)| (self.seals.digest(kind, key), at)).collect();
        let sql =
            "SELECT digest, sealed, tally FROM session_store WHERE kind = $1 AND expires > $2";
        let mut read = self.database.list().await?;
        let query = sql::query(sql);
        let mut rows = query.bind(kind).bind(now()).fetch(&mut read);
        while let Some(row) = rows.try_next().await? {
            let digest = column::<&str>(&row, 0)?;
            let Some(at) = places.get(digest) else { continue };
            values[*at] = Some(self.opened(digest, (column(&row, 1)?, column(&row, 2)?))?);
        }
        Ok(values)
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        let digest = self.0.seals.digest(kind, key);
        let sql = "SELECT sealed, tally FROM session_store \
                   WHERE kind = $1 AND digest = $2 AND expires > $3";
        let query = sql::query(sql);
        let query = query.bind(kind).bind(&digest).bind(now());
        let mut read = self.0.database.read().await?;
        let row = query.fetch_optional(&mut read).await?;
        let open = |row| self.0.opened(&digest, (column(&row, 0)?, column(&row, 1)?));
        row.map(open).transpose()
    }

    async fn recall_all(
        &self,
        kind: SessionKind,
        keys: &[String],
    ) -> Result<Vec<Option<Value>>, Fault> {
        match keys {
            [key] => Ok(vec![self.recall(kind, key).await?]),
            keys => self.0.recall_all(kind, keys).await,
        }
    }

    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault> {
        let digest = &self.0.seals.digest(kind, key);
        let sealed = &self.0.seals.seal(&to_json(&value)?, digest)?;
        if sealed.len() > LONGEST {
            let detail = format!("{} bytes are too long for a value of {kind}", sealed.len());
            return Err(Fault::new(FaultKind::TooLarge, detail));
        }
        self.0
            .database
            .transact(|mut write| async move {
                sql::query(REMEMBER)
                    .bind(kind)
                    .bind(digest)
                    .bind(sealed)
                    .bind(after(now(), lasting))
                    .execute(&mut write)
                    .await?;
                self.0.prune(&mut write).await?;
                write.commit().await
            })
            .await
    }

    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault> {
        let digest = &self.0.seals.digest(kind, key);
        let sealed = &self.0.seals.seal(&to_json(&value)?, digest)?;
        let now = now();
        self.0
            .database
            .transact(|mut write| async move {
                let sql = "UPDATE session_store SET sealed = $3, tally = 0, expires = $4 \
                   WHERE kind = $1 AND digest = $2 AND expires > $5";
                let query = sql::query(sql).bind(kind).bind(digest).bind(sealed);
                let query = query.bind(after(now, lasting)).bind(now);
                let done = query.execute(&mut write).await?;
                write.commit().await?;
                Ok(done > 0)
            })
            .await
    }

    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault> {
        let digest = &self.0.seals.digest(kind, key);
        self.0
            .database
            .transact(|mut write| async move {
                let sql =
                    "DELETE FROM session_store WHERE kind = $1 AND digest = $2 RETURNING expires";
                let query = sql::query(sql).bind(kind).bind(digest);
                let expires = query.scalar::<i64>(&mut write).await?;
                write.commit().await?;
                Ok(expires.is_some_and(|expires| expires > now()))
            })
            .await
    }

    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault> {
        let digest = &self.0.seals.digest(kind, key);
        let now = now();
        self.0
            .database
            .transact(|mut write| async move {
                let query = sql::query(COUNT);
                let query = query.bind(kind).bind(digest).bind(now).bind(after(now, window));
                let tally = query.only::<i64>(&mut write).await?;
                self.0.prune(&mut write).await?;
                write.commit().await?;
                Ok(u64::try_from(tally).unwrap_or_default())
            })
            .await
    }

    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        self.0.attempt(limits).await
    }

    async fn waiting(&self, limits: &[Limit]) -> Result<Vec<u64>, Fault> {
        self.0.waiting(limits).await
    }

    async fn clear_attempts(&self, forget: &[Limit], back: &[Limit]) -> Result<(), Fault> {
        self.0.clear_attempts(forget, back).await
    }

    /// Signs a text. The space differs from the one of the rows' digests, so that a digest read
    /// from the database is not a valid signature.
    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault> {
        Ok(self.0.seals.digest(&format!("signature {kind}"), text))
    }
}
