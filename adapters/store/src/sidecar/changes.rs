//! Applies a decision to the records.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{GroupChange, User, UserId, folded};
use uuid::Uuid;

use crate::held::{hold_what_is_free, no_user_holds};
use crate::rows::now;
use crate::sidecar::decision::{Sighted, Verdict};
use crate::sidecar::plan::{Differences, Plan, other_groups, proves_by_now};
use crate::sidecar::reading::{Reading, Seen, record_of};
use crate::sidecar::record::Row;
use crate::sidecar::records::Records;
use crate::sql::{self, Connection};
use crate::users::overwrite;

/// Why a record becomes a tombstone when a read shows it.
const REPLACED: &str = "another user of the system has its id or its name";

impl Records {
    /// Applies a plan. The old names of renamed people are released first, so that two people can
    /// swap names.
    pub(super) async fn apply(
        &self,
        write: &mut Connection,
        plan: &Plan,
        reading: &Reading,
        sighted: &[Sighted<'_>],
    ) -> Result<(), Fault> {
        let known = |at: &usize| plan.rows.get(*at);
        for row in plan.decision.tombstones.iter().filter_map(known) {
            self.make_tombstone(write, row, REPLACED).await?;
        }
        self.suspend(write, plan).await?;
        let verdicts = || plan.decision.verdicts.iter().zip(&reading.seen);
        for (verdict, _) in verdicts() {
            match verdict {
                Verdict::Replace(at) => {
                    if let Some(row) = known(at) {
                        self.make_tombstone(write, row, REPLACED).await?;
                    }
                }
                Verdict::Update { known: at, .. } => release_name(write, known(at)).await?,
                Verdict::Same { .. } | Verdict::New | Verdict::Withheld(_) => {}
            }
        }
        for ((verdict, seen), differs) in verdicts().zip(&plan.differences) {
            match verdict {
                Verdict::Update { known: at, new_secret } => {
                    let Some(row) = known(at) else { continue };
                    activate(write, row, &seen.user).await?;
                    self.update_known(write, (row, *new_secret), differs, seen).await?;
                }
                Verdict::Same { known: at, new_secret } => {
                    let Some(row) = known(at) else { continue };
                    self.update_known(write, (row, *new_secret), differs, seen).await?;
                }
                Verdict::Replace(_) | Verdict::New | Verdict::Withheld(_) => {}
            }
        }
        self.create_records(write, plan, reading, sighted).await
    }

    /// Creates the new records: administrators first, then in the system's order.
    async fn create_records(
        &self,
        write: &mut Connection,
        plan: &Plan,
        reading: &Reading,
        sighted: &[Sighted<'_>],
    ) -> Result<(), Fault> {
        let all = plan.decision.verdicts.iter().zip(&reading.seen).zip(sighted);
        let is_new = |verdict: &Verdict| matches!(verdict, Verdict::New | Verdict::Replace(_));
        let new = all.filter(|((verdict, _), _)| is_new(verdict));
        let mut new: Vec<_> = new.map(|((_, seen), one)| (seen, one)).collect();
        // Given ids come first, because they move the counters for the other ids.
        new.sort_by_key(|(seen, _)| (seen.ids.is_empty(), seen.user.role != Role::Administrator));
        for (seen, one) in new {
            self.create_record(write, seen, one).await?;
        }
        Ok(())
    }

    async fn create_record(
        &self,
        write: &mut Connection,
        seen: &Seen,
        one: &Sighted<'_>,
    ) -> Result<(), Fault> {
        let id = write.fresh_id();
        let new = record_of(seen);
        self.inner().insert_user(write, id, &new, None).await?;
        self.inner().name_user(write, id, &new.ids).await?;
        self.settle_alias(write, UserId(id), &seen.user.username).await?;
        match &new.groups {
            Some(change) => self.inner().replace_groups(write, id, change).await?,
            None => self.take_over_groups(write, id, seen).await?,
        }
        let sql = "UPDATE users SET settled = $2, secret_print = $3, created_print = $4 \
                   WHERE id = $1";
        let is_old = seen.user.evidence.created.as_deref().is_some_and(proves_by_now);
        let created = one.prints.created.clone().filter(|_| is_old);
        let query = sql::query(sql).bind(id.to_string()).bind(now());
        let query = query.bind(one.prints.secret.clone()).bind(created);
        query.execute(write).await.map(drop)
    }

    /// Makes a record a tombstone. Its id in the system belongs to the person who has it now. Its
    /// other ids are never used again.
    pub(super) async fn make_tombstone(
        &self,
        write: &mut Connection,
        row: &Row,
        why: &'static str,
    ) -> Result<(), Fault> {
        let sql = "UPDATE users SET state = 'tombstone', absence = NULL, settled = $2, was = $3, \
                   expected = NULL WHERE id = $1";
        let query = sql::query(sql).bind(row.known.id.to_string()).bind(now());
        query.bind(row.known.native.clone()).execute(&mut *write).await?;
        let sql = "DELETE FROM identities WHERE id = $1 AND kind = 'user' AND namespace = $2";
        let query = sql::query(sql).bind(row.known.id.to_string());
        query.bind(self.system.namespace.as_str()).execute(write).await?;
        tracing::warn!(
            record = %row.known.id, username = row.known.name, native = row.known.native,
            backend = self.system.backend, why, "the record is now a tombstone"
        );
        Ok(())
    }

    async fn update_known(
        &self,
        write: &mut Connection,
        (row, new_secret): (&Row, bool),
        differs: &Differences,
        seen: &Seen,
    ) -> Result<(), Fault> {
        let id = row.known.id;
        if new_secret || differs.secret.is_some() || differs.created.is_some() {
            let sql = "UPDATE users SET secret_print = COALESCE($2, secret_print), \
                       created_print = COALESCE($3, created_print), \
                       password_changed = CASE WHEN $4 THEN $5 ELSE password_changed END \
                       WHERE id = $1";
            let query = sql::query(sql).bind(id.to_string()).bind(&differs.secret);
            let query = query.bind(&differs.created).bind(new_secret).bind(now());
            query.execute(&mut *write).await?;
        }
        if differs.email {
            let sql = concat!(
                "UPDATE users SET email = $2, folded_email = $3, holds_email = ",
                no_user_holds!("folded_email", "holds_email", "$3", "users.backend", "users.id"),
                " WHERE id = $1"
            );
            let email = seen.user.email.as_ref();
            let query = sql::query(sql).bind(id.to_string()).bind(email);
            let query = query.bind(email.map(|email| email.to_lowercase()));
            query.execute(&mut *write).await?;
        }
        if differs.activity {
            // A deactivation in the system ends the open sessions for good, as a deactivation in
            // the gateway does.
            let sql = "UPDATE users SET active = $2, \
                       sessions_since = CASE WHEN $2 THEN sessions_since ELSE $3 END WHERE id = $1";
            let query = sql::query(sql).bind(id.to_string()).bind(seen.user.active).bind(now());
            query.execute(&mut *write).await?;
        }
        if differs.groups {
            self.take_over_groups(write, id, seen).await?;
        }
        match &seen.made {
            Some(_) => self.complete_creation(write, row, seen).await,
            None => Ok(()),
        }
    }

    /// Completes a creation whose record was created by another request: sets the fields of the
    /// creation.
    async fn complete_creation(
        &self,
        write: &mut Connection,
        row: &Row,
        seen: &Seen,
    ) -> Result<(), Fault> {
        let new = record_of(seen);
        overwrite(write, row.user.clone(), &new).await?;
        for (namespace, native) in
            new.ids.iter().filter(|(namespace, _)| **namespace != self.system.namespace)
        {
            self.inner().reassign(write, row.known.id, namespace, native).await?;
        }
        match &new.groups {
            Some(change) => self.inner().replace_groups(write, row.known.id, change).await,
            None => Ok(()),
        }
    }

    /// Stores the memberships in rights groups that the system shows. A group that the gateway does
    /// not know gives no rights.
    async fn take_over_groups(
        &self,
        write: &mut Connection,
        id: Uuid,
        seen: &Seen,
    ) -> Result<(), Fault> {
        let nobody = User::seen("");
        let shown = other_groups(&seen.user, &nobody).filter(|_| self.system.groups);
        let Some((namespace, wanted)) = shown else { return Ok(()) };
        let mut groups = Vec::with_capacity(wanted.len());
        for native in wanted {
            let group = GroupRef::Native(namespace.clone(), native.to_owned());
            match self.inner().find_group(write, &group).await {
                Ok(_) => groups.push(group),
                Err(absence) if absence.is_absence_of(Subject::Group) => {}
                Err(other) => return Err(other),
            }
        }
        let change = GroupChange { namespace: IdNamespace::clone(namespace), groups };
        self.inner().replace_groups(write, id, &change).await
    }
}

/// Removes a record that will be renamed or restored from the index of names.
async fn release_name(write: &mut Connection, row: Option<&Row>) -> Result<(), Fault> {
    let Some(row) = row else { return Ok(()) };
    let query = sql::query("UPDATE users SET state = 'suspended' WHERE id = $1");
    query.bind(row.known.id.to_string()).execute(write).await.map(drop)
}

async fn activate(write: &mut Connection, row: &Row, seen: &User) -> Result<(), Fault> {
    let sql = concat!(
        "UPDATE users SET state = 'active', absence = NULL, username = $2, folded_name = $3, \
         settled = $4, expected = NULL, ",
        hold_what_is_free!("$3"),
        " WHERE id = $1"
    );
    let query = sql::query(sql).bind(row.known.id.to_string()).bind(&seen.username);
    let query = query.bind(folded(&seen.username)).bind(now());
    query.execute(write).await.map(drop)
}
