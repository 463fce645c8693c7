//! Reconciles the records with a reading, in one transaction.

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::user::User;

use crate::sidecar::decision::Sighted;
use crate::sidecar::plan::Plan;
use crate::sidecar::reading::{Reading, Seen};
use crate::sidecar::reconciled::Reconciled;
use crate::sidecar::records::Records;
use crate::sql::Connection;
use crate::values;

impl Records {
    /// Reconciles the records with a reading, in one transaction: either all changes happen or
    /// none.
    pub async fn reconcile(&self, reading: &Reading) -> Result<Reconciled, Fault> {
        let sighted = self.sighted(reading)?;
        let database = &self.inner().database;
        let mut read =
            if reading.complete { database.list().await? } else { database.read().await? };
        let rows = self.load(&mut read, reading).await?;
        drop(read);
        let plan = self.plan(rows, reading, &sighted);
        if let Some(answer) = plan.needs_more() {
            return Ok(answer);
        }
        if plan.changes_nothing() {
            return Ok(Reconciled::Records(plan.people(&sighted)));
        }
        let sighted = &sighted;
        self.inner()
            .database
            .transact(|mut write| async move {
                let rows = self.load(&mut write, reading).await?;
                let plan = self.plan(rows, reading, sighted);
                if let Some(answer) = plan.needs_more() {
                    return Ok(answer);
                }
                let people = match self.carry_out(&mut write, plan, reading, sighted).await {
                    Ok(people) => people,
                    // A record that changed in the meantime has the name.
                    Err(taken) if taken.kind == FaultKind::Conflict => {
                        return refused(reading, taken);
                    }
                    Err(other) => return Err(other),
                };
                write.commit().await?;
                Ok(Reconciled::Records(people))
            })
            .await
    }

    /// The people of the reading, in the form for the decision.
    fn sighted<'r>(&self, reading: &'r Reading) -> Result<Vec<Sighted<'r>>, Fault> {
        let one = |seen: &'r Seen| {
            Ok(Sighted {
                native: self.native(&seen.user)?,
                name: &seen.user.username,
                prints: self.prints(&seen.user),
                made: seen.made.is_some(),
                too_long: !values::can_be_stored(&seen.user),
            })
        };
        reading.seen.iter().map(one).collect()
    }

    async fn carry_out(
        &self,
        write: &mut Connection,
        plan: Plan,
        reading: &Reading,
        sighted: &[Sighted<'_>],
    ) -> Result<Vec<Result<User, &'static str>>, Fault> {
        self.apply(write, &plan, reading, sighted).await?;
        let rows = self.load(write, reading).await?;
        let Plan { decision, .. } = plan;
        Ok(Plan { rows, decision, differences: Vec::new() }.people(sighted))
    }
}

/// The result after a conflict: a fault if a requested id is taken, otherwise the reading is
/// outdated.
fn refused(reading: &Reading, taken: Fault) -> Result<Reconciled, Fault> {
    let made = |seen: &Seen| seen.made.as_ref().is_some_and(|made| !made.ids.is_empty());
    let asks_for_ids = reading.seen.iter().any(|seen| !seen.ids.is_empty() || made(seen));
    if asks_for_ids { Err(taken) } else { Ok(Reconciled::Stale) }
}
