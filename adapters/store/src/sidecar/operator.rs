//! Changes of a record that do not come from a reading: by a command of the gateway, or by an
//! operator.

use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::user::{Uniqueness, User, UserId, UserPatch, UserRef, folded};
use uuid::Uuid;

use crate::held::hold_what_is_free;
use crate::rows::{after, now};
use crate::sidecar::decision::State;
use crate::sidecar::plan::proves_by_now;
use crate::sidecar::reading::Seen;
use crate::sidecar::record::{Record, Row};
use crate::sidecar::records::Records;
use crate::sql::{self, Connection};
use crate::users::{patch_user, update};
use crate::write::Write;

/// The result of binding a record.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The record.
    pub record: Record,
    /// Whether it was a tombstone. Then its keys are revoked.
    pub was_tombstone: bool,
    /// The records that became tombstones.
    pub replaced: Vec<Record>,
}

/// How long the new name of a rename by the gateway is expected.
pub(super) const EXPECTED_FOR: Duration = Duration::from_mins(10);
/// The name of the value that marks the first complete list.
const INTRODUCED: &str = "introduced";

impl Records {
    /// Whether all people of the system were listed once.
    pub async fn is_introduced(&self) -> Result<bool, Fault> {
        Ok(self.inner().meta(INTRODUCED).await?.is_some())
    }

    /// Whether there is no record yet.
    pub async fn is_empty(&self) -> Result<bool, Fault> {
        let mut read = self.inner().database.read().await?;
        let any = sql::query("SELECT 1 FROM users WHERE backend = $1 LIMIT 1");
        let any = any.bind(&self.inner().backend);
        Ok(any.fetch_optional(&mut read).await?.is_none())
    }

    /// Marks that all people of the system were listed.
    pub async fn mark_introduced(&self) -> Result<(), Fault> {
        self.inner().claim_meta(INTRODUCED, "true").await.map(drop)
    }

    /// Records that the gateway is about to rename a person in the system, so that a read with the
    /// new name identifies the person.
    pub async fn expect_name(&self, id: UserId, name: &str) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let sql = "UPDATE users SET expected = $2, expected_until = $3 WHERE id = $1";
                let query = sql::query(sql).bind(id.to_string()).bind(name);
                let query = query.bind(after(now(), EXPECTED_FOR));
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Records that the system refused the expected rename.
    pub async fn clear_expected_name(&self, id: UserId, name: &str) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let sql = "UPDATE users SET expected = NULL, expected_until = NULL \
                   WHERE id = $1 AND expected = $2";
                let query = sql::query(sql).bind(id.to_string()).bind(name);
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Records that the gateway is about to change the secret in the row of a person. The next read
    /// stores the new one, and ends no session.
    pub async fn expect_secret(&self, id: UserId) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let query = sql::query("UPDATE users SET secret_print = NULL WHERE id = $1");
                query.bind(id.to_string()).execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Stores a change in the record. The name comes from the next read of the system. Of a
    /// password only the date is stored, and the evidence is read again.
    pub async fn update(&self, id: UserId, patch: UserPatch) -> Result<(), Fault> {
        let patch = &patch;
        self.inner()
            .database
            .transact(|mut write| async move {
                let (mut row, mut patch) =
                    (self.living_record(&mut write, id).await?, patch.clone());
                let (groups, password) = (patch.groups.take(), patch.password.take());
                patch.username = None;
                patch_user(&mut row.user, patch);
                update(&mut write, &row.user, Uniqueness::default()).await?;
                if password.is_some() {
                    let sql =
                        "UPDATE users SET password_changed = $2, secret_print = NULL WHERE id = $1";
                    let query = sql::query(sql).bind(id.to_string()).bind(now());
                    query.execute(&mut write).await?;
                }
                if let Some(change) = groups {
                    self.inner().replace_groups(&mut write, id.0, &change).await?;
                }
                write.commit().await
            })
            .await
    }

    /// Deletes the record of a person whom the gateway has deleted in the system. A missing record
    /// is no fault: another request has read the absence first. The ids are never used again.
    pub async fn forget(&self, id: UserId) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let query = sql::query("DELETE FROM users WHERE id = $1").bind(id.to_string());
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Confirms, for an operator, that a suspended record belongs to a user of the system. The user
    /// must have the record's id and name. Returns the record.
    pub async fn confirm(&self, id: UserId, seen: &Seen) -> Result<Record, Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let row = self.record(&mut write, id).await?;
                if !matches!(row.known.state, State::Suspended(_)) {
                    return Err(invalid("only a suspended record can be confirmed"));
                }
                let native = self.native(&seen.user)?;
                if row.known.native.as_deref() != Some(native) {
                    return Err(invalid("the system's user has another id than the record"));
                }
                if row.known.name != seen.user.username {
                    return Err(Self::other_name(&row, seen));
                }
                self.bind_to(&mut write, &row, seen).await?;
                self.done(write, id).await
            })
            .await
    }

    /// Makes a record a tombstone, for an operator. Returns it, and whether it was a tombstone
    /// already.
    pub async fn retire(&self, id: UserId) -> Result<(Record, bool), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let row = self.record(&mut write, id).await?;
                let already = row.known.state == State::Tombstone;
                if !already {
                    self.make_tombstone(&mut write, &row, "an operator made it one").await?;
                }
                Ok((self.done(write, id).await?, already))
            })
            .await
    }

    /// Deletes a key by its id, whatever the state of its owner's record, and returns whether there
    /// was one. The system is not asked: an operator revokes a key also while the system is down.
    pub async fn revoke_key(&self, key: Uuid) -> Result<bool, Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let query = sql::query("DELETE FROM keys WHERE id = $1").bind(key.to_string());
                let done = query.execute(&mut write).await?;
                write.commit().await?;
                Ok(done > 0)
            })
            .await
    }

    /// Binds a record to a user of the system, for an operator. The record may be a tombstone: its
    /// keys, sessions and remembered passwords are revoked. A user with another name is refused
    /// unless `renamed` is true. The present record of the user becomes a tombstone.
    pub async fn bind(&self, id: UserId, seen: &Seen, renamed: bool) -> Result<Bound, Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let row = self.record(&mut write, id).await?;
                if !renamed && row.known.name != seen.user.username {
                    return Err(Self::other_name(&row, seen));
                }
                let replaced = self.replace_holders(&mut write, id, seen).await?;
                let was_tombstone = row.known.state == State::Tombstone;
                if was_tombstone {
                    revoke_all(&mut write, id).await?;
                }
                self.bind_to(&mut write, &row, seen).await?;
                Ok(Bound { record: self.done(write, id).await?, was_tombstone, replaced })
            })
            .await
    }

    /// Makes tombstones of the records that now have the user's id or name. Returns these records.
    async fn replace_holders(
        &self,
        write: &mut Connection,
        id: UserId,
        seen: &Seen,
    ) -> Result<Vec<Record>, Fault> {
        let native = self.native(&seen.user)?.to_owned();
        let own = UserRef::Native(self.system.namespace.clone(), native.clone());
        let mut holders = self.living(write, &own).await?;
        let name = UserRef::Name(seen.user.username.clone());
        holders.extend(self.living(write, &name).await?);
        holders.retain(|holder| holder.known.id != id.0);
        holders.sort_by_key(|holder| holder.known.id);
        holders.dedup_by_key(|holder| holder.known.id);
        for holder in &holders {
            let why = "an operator bound another record to its user";
            self.make_tombstone(write, holder, why).await?;
        }
        if let Numbering::From(_) = self.system.numbering {
            self.inner().reassign(write, id.0, &self.system.namespace, &native).await?;
        }
        let tombstone = |holder: &Row| Record { state: State::Tombstone, ..holder.record() };
        Ok(holders.iter().map(tombstone).collect())
    }

    /// Makes a record active, with the name and the evidence of the system's row.
    async fn bind_to(&self, write: &mut Connection, row: &Row, seen: &Seen) -> Result<(), Fault> {
        let sql = concat!(
            "UPDATE users SET state = 'active', absence = NULL, username = $2, \
             folded_name = $3, settled = $4, secret_print = $5, created_print = $6, \
             expected = NULL, was = NULL, ",
            hold_what_is_free!("$3"),
            " WHERE id = $1"
        );
        let (name, prints) = (&seen.user.username, self.prints(&seen.user));
        let is_old = seen.user.evidence.created.as_deref().is_some_and(proves_by_now);
        let query = sql::query(sql).bind(row.known.id.to_string()).bind(name);
        let query = query.bind(folded(name)).bind(now());
        let query = query.bind(prints.secret).bind(prints.created.filter(|_| is_old));
        query.execute(write).await.map(drop)
    }

    /// The fault for a user with another name than the record.
    fn other_name(row: &Row, seen: &Seen) -> Fault {
        let (User { username, role, .. }, name) = (&seen.user, &row.known.name);
        let role = role.as_str();
        let detail = format!("the system's user is {username:?} ({role}), the record is {name:?}");
        invalid(&detail).about(Subject::Username)
    }

    async fn done(&self, mut write: Write, id: UserId) -> Result<Record, Fault> {
        let row = self.record(&mut write, id).await?;
        write.commit().await?;
        Ok(row.record())
    }

    async fn record(&self, write: &mut Connection, id: UserId) -> Result<Row, Fault> {
        self.any(write, id).await?.ok_or_else(|| Fault::not_found(Subject::User))
    }

    async fn living_record(&self, write: &mut Connection, id: UserId) -> Result<Row, Fault> {
        let row = self.any(write, id).await?;
        row.filter(|row| row.known.state != State::Tombstone).ok_or_else(|| {
            Fault::new(
                FaultKind::Unexpected,
                "the person's record has become a tombstone in the meantime",
            )
        })
    }
}

/// Revokes the keys, sessions and remembered passwords of a tombstone, so that they give no access
/// after the record is bound.
async fn revoke_all(write: &mut Connection, id: UserId) -> Result<(), Fault> {
    let keys = sql::query("DELETE FROM keys WHERE owner = $1").bind(id.to_string());
    keys.execute(&mut *write).await?;
    let sql = "UPDATE users SET sessions_since = $2, password_changed = $2 WHERE id = $1";
    let sessions = sql::query(sql).bind(id.to_string()).bind(now());
    sessions.execute(write).await.map(drop)
}

fn invalid(detail: &str) -> Fault {
    Fault::new(FaultKind::Invalid, detail.to_owned())
}
