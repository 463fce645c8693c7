//! Changes of a record that no reading brings about: by the gateway's own work, or by an operator.

use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::user::{UserId, UserPatch, UserRef, folded};
use sqlx::SqliteConnection;

use crate::faults::fault;
use crate::identities::reassign;
use crate::rows::{after, now};
use crate::sidecar::decide::State;
use crate::sidecar::handle::Sidecar;
use crate::sidecar::reading::Seen;
use crate::sidecar::records::{Record, Row};
use crate::users::{patch_user, update};
use crate::write::Write;

/// So long a renaming of the gateway's own may take to be seen.
pub(super) const EXPECTED_FOR: Duration = Duration::from_mins(10);
/// The value that says that everybody was listed once.
const INTRODUCED: &str = "introduced";

impl Sidecar {
    /// Whether everybody in the system was listed once.
    pub async fn is_introduced(&self) -> Result<bool, Fault> {
        Ok(self.inner().database.meta(INTRODUCED).await?.is_some())
    }

    /// Whether nobody has a record yet.
    pub async fn is_empty(&self) -> Result<bool, Fault> {
        let mut read = self.inner().database.read().await?;
        let any = sqlx::query_scalar::<_, i64>("SELECT 1 FROM users LIMIT 1");
        Ok(any.fetch_optional(&mut *read).await.map_err(fault)?.is_none())
    }

    /// Says that everybody in the system was listed.
    pub async fn mark_introduced(&self) -> Result<(), Fault> {
        self.inner().database.claim_meta(INTRODUCED, "true").await.map(drop)
    }

    /// Says that the gateway is about to rename somebody in the system, so that whoever sees the
    /// new name there knows whose it is.
    pub async fn expect(&self, id: UserId, name: &str) -> Result<(), Fault> {
        let mut write = self.inner().database.write().await?;
        let sql = "UPDATE users SET expected = $2, expected_until = $3 WHERE id = $1";
        let query = sqlx::query(sql).bind(id.to_string()).bind(name);
        let query = query.bind(after(now(), EXPECTED_FOR));
        query.execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// Says that the system refused the renaming that was expected.
    pub async fn expect_no_more(&self, id: UserId, name: &str) -> Result<(), Fault> {
        let mut write = self.inner().database.write().await?;
        let sql = "UPDATE users SET expected = NULL, expected_until = NULL \
                   WHERE id = $1 AND expected = $2";
        let query = sqlx::query(sql).bind(id.to_string()).bind(name);
        query.execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// Keeps what a change says beside the system. Name and password are the system's: the name is
    /// settled by reading it there; of a password it is the date that counts, and what the row
    /// proves from now on is learned anew.
    pub async fn keep(&self, id: UserId, mut patch: UserPatch) -> Result<(), Fault> {
        let mut write = self.inner().database.write().await?;
        let mut row = self.living_record(&mut write, id).await?;
        let (groups, password) = (patch.groups.take(), patch.password.take());
        patch.username = None;
        patch_user(&mut row.user, patch);
        update(&mut write, &row.user).await?;
        if password.is_some() {
            let sql = "UPDATE users SET password_changed = $2, secret_print = NULL WHERE id = $1";
            let query = sqlx::query(sql).bind(id.to_string()).bind(now());
            query.execute(&mut *write).await.map_err(fault)?;
        }
        if let Some(change) = groups {
            self.inner().replace_groups(&mut write, id.0, &change).await?;
        }
        write.commit().await.map_err(fault)
    }

    /// Deletes the record of somebody whom the gateway has deleted in the system. That there is
    /// none is no fault: another request saw it first. Their ids stay taken.
    pub async fn forget(&self, id: UserId) -> Result<(), Fault> {
        let mut write = self.inner().database.write().await?;
        let query = sqlx::query("DELETE FROM users WHERE id = $1").bind(id.to_string());
        query.execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)
    }

    /// An operator says that a suspended person is the one whom the system shows (or will show)
    /// under the record's id and name. Answers the record.
    pub async fn confirm(&self, id: UserId) -> Result<Record, Fault> {
        let mut write = self.inner().database.write().await?;
        let row = self.record(&mut write, id).await?;
        if !matches!(row.known.state, State::Suspended(_)) {
            return Err(Fault::new(FaultKind::Invalid, "only a suspended record is confirmed"));
        }
        self.awaken(&mut write, &row, &row.user.username).await?;
        self.done(write, id).await
    }

    /// An operator says that a record is nobody's any more. Answers it.
    pub async fn bury(&self, id: UserId) -> Result<Record, Fault> {
        let mut write = self.inner().database.write().await?;
        let row = self.record(&mut write, id).await?;
        if row.known.state != State::Tombstone {
            self.entomb(&mut write, &row).await?;
        }
        self.done(write, id).await
    }

    /// An operator says whose record somebody of the system has, tombstones too. The record that
    /// they had until now becomes a tombstone. Answers the record.
    pub async fn bind(&self, id: UserId, seen: &Seen) -> Result<Record, Fault> {
        let mut write = self.inner().database.write().await?;
        let row = self.record(&mut write, id).await?;
        let native = self.native(&seen.user)?.to_owned();
        let own = UserRef::Native(self.beside.namespace.clone(), native.clone());
        let mut holders = self.living(&mut write, &own).await?;
        let name = UserRef::Name(seen.user.username.clone());
        holders.extend(self.living(&mut write, &name).await?);
        holders.retain(|holder| holder.known.id != id.0);
        holders.dedup_by_key(|holder| holder.known.id);
        for holder in holders {
            self.entomb(&mut write, &holder).await?;
        }
        if let Numbering::From(_) = self.beside.numbering {
            reassign(&mut write, id.0, &self.beside.namespace, &native).await?;
        }
        self.awaken(&mut write, &row, &seen.user.username).await?;
        self.done(write, id).await
    }

    async fn awaken(
        &self,
        write: &mut SqliteConnection,
        row: &Row,
        name: &str,
    ) -> Result<(), Fault> {
        let sql = "UPDATE users SET state = 'active', absence = NULL, username = $2, \
                   folded_name = $3, settled = $4, secret_print = NULL, created_print = NULL, \
                   expected = NULL, was = NULL WHERE id = $1";
        let query = sqlx::query(sql).bind(row.known.id.to_string()).bind(name);
        let query = query.bind(folded(name)).bind(now());
        query.execute(write).await.map(drop).map_err(fault)
    }

    async fn done(&self, mut write: Write, id: UserId) -> Result<Record, Fault> {
        let row = self.record(&mut write, id).await?;
        write.commit().await.map_err(fault)?;
        Ok(row.record())
    }

    async fn record(&self, write: &mut SqliteConnection, id: UserId) -> Result<Row, Fault> {
        self.any(write, id).await?.ok_or_else(|| Fault::not_found(Subject::User))
    }

    async fn living_record(&self, write: &mut SqliteConnection, id: UserId) -> Result<Row, Fault> {
        let row = self.any(write, id).await?;
        row.filter(|row| row.known.state != State::Tombstone).ok_or_else(|| {
            Fault::new(FaultKind::Unexpected, "the person's record was retired meanwhile")
        })
    }
}
