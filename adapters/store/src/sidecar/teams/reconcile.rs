//! Reconciles the records of teams with a reading, in one transaction.

use std::collections::HashMap;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::{Group, GroupPatch};
use isogloss_canonical::membership::{GroupId, GroupRef};

use crate::groups::{patch_group, replace_co_owners, update};
use crate::rows::{after, group, now, select_groups};
use crate::sidecar::decision::{Decision, Facts, Known, Prints, Sighted, State, Verdict, decide};
use crate::sidecar::operator::EXPECTED_FOR;
use crate::sidecar::record::state;
use crate::sidecar::records::Records;
use crate::sidecar::teams::reading::{ReconciledTeams, SeenTeam, TeamReading, TeamRecord};
use crate::sql::{self, Connection, Row, column};
use crate::values;

impl Records {
    /// Reconciles the records of teams with a reading, in one transaction: either all changes
    /// happen or none.
    pub async fn reconcile_teams(&self, reading: &TeamReading) -> Result<ReconciledTeams, Fault> {
        let mut read = self.inner().database.read().await?;
        let records = self.teams(&mut read).await?;
        drop(read);
        let decision = self.decide_teams(&records, reading)?;
        if let Some(answer) = needs_more(&records, &decision) {
            return Ok(answer);
        }
        if changes_nothing(&decision, reading) {
            return self.teams_seen(records, &decision, reading);
        }
        self.inner()
            .database
            .transact(|mut write| async move {
                let records = self.teams(&mut write).await?;
                let decision = self.decide_teams(&records, reading)?;
                if let Some(answer) = needs_more(&records, &decision) {
                    return Ok(answer);
                }
                self.apply_teams(&mut write, &records, &decision, reading).await?;
                let records = self.teams(&mut write).await?;
                let teams = self.teams_seen(records, &decision, reading)?;
                write.commit().await?;
                Ok(teams)
            })
            .await
    }

    /// The record of a team that a reference names, active or suspended.
    pub async fn find_team(&self, wanted: &GroupRef) -> Result<Option<TeamRecord>, Fault> {
        let mut read = self.inner().database.read().await?;
        let fits = |record: &TeamRecord| match wanted {
            GroupRef::Id(id) => record.team.id == *id,
            GroupRef::Native(namespace, id) => record.team.native(namespace) == Some(id),
            GroupRef::Name(None, name) => record.team.name == *name,
            GroupRef::Name(Some(_), _) => false,
        };
        let mut found = self.teams(&mut read).await?;
        found.retain(fits);
        Ok(if found.len() > 1 { None } else { found.pop() })
    }

    /// Records that the gateway is about to rename a team in the system, so that a read with the
    /// new name identifies the team.
    pub async fn expect_team_name(&self, id: GroupId, name: &str) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let sql = "UPDATE groups SET expected = $2, expected_until = $3 WHERE id = $1";
                let query = sql::query(sql).bind(id.to_string()).bind(name);
                let query = query.bind(after(now(), EXPECTED_FOR));
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Records that the system refused the expected rename.
    pub async fn clear_expected_team_name(&self, id: GroupId, name: &str) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let sql = "UPDATE groups SET expected = NULL, expected_until = NULL \
                   WHERE id = $1 AND expected = $2";
                let query = sql::query(sql).bind(id.to_string()).bind(name);
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Stores a change in the record of a team. The name comes from the system.
    pub async fn update_team(&self, id: GroupId, patch: GroupPatch) -> Result<(), Fault> {
        let patch = &patch;
        self.inner()
            .database
            .transact(|mut write| async move {
                let mut kept = self.inner().find_group(&mut write, &GroupRef::Id(id)).await?;
                let mut patch = patch.clone();
                patch.name = None;
                if let Some(co_owners) = patch.co_owners.take() {
                    replace_co_owners(&mut write, id.0, &co_owners).await?;
                }
                let new_owner = patch.owner.is_some();
                patch_group(&mut kept, patch);
                update(&mut write, &kept, new_owner).await?;
                write.commit().await
            })
            .await
    }

    /// Deletes the record of a team that the gateway has deleted in the system. A missing record is
    /// no fault: another request has read the absence first. The ids are never used again.
    pub async fn forget_team(&self, id: GroupId) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let query = sql::query("DELETE FROM groups WHERE id = $1").bind(id.to_string());
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// The records of all teams, without tombstones. There are few teams.
    async fn teams(&self, database: &mut Connection) -> Result<Vec<TeamRecord>, Fault> {
        let all = select_groups!(
            "WHERE g.backend = $1 AND g.namespace = '' AND g.state <> 'tombstone' ORDER BY g.id"
        );
        let rows = sql::query(all).bind(&self.inner().backend).fetch_all(database).await?;
        let now = now();
        rows.iter().map(|row| self.team_record(row, now)).collect()
    }

    fn team_record(&self, row: &Row, now: i64) -> Result<TeamRecord, Fault> {
        let team = group(row)?;
        let until = column::<Option<i64>>(row, "expected_until")?;
        let native = team.native(&self.system.namespace).map(str::to_owned);
        let known = Known {
            id: team.id.0,
            native: native.clone(),
            name: team.name.clone(),
            state: state(column(row, "state")?, column(row, "absence")?),
            changed: column(row, "settled")?,
            expected: until.filter(|until| *until > now).and(column(row, "expected")?),
            prints: Prints::default(),
        };
        Ok(TeamRecord { team, state: known.state, native, known })
    }

    fn decide_teams(
        &self,
        records: &[TeamRecord],
        reading: &TeamReading,
    ) -> Result<Decision, Fault> {
        let known: Vec<_> = records.iter().map(|record| record.known.clone()).collect();
        let seen = reading.seen.iter().map(|seen| self.sighted_team(seen));
        let facts = Facts {
            seen: seen.collect::<Result<_, _>>()?,
            absent: reading.absent.iter().map(|(id, agreed)| (id.0, *agreed)).collect(),
            complete: reading.complete,
            asked: reading.began,
        };
        Ok(decide(&known, &facts))
    }

    fn sighted_team<'r>(&self, seen: &'r SeenTeam) -> Result<Sighted<'r>, Fault> {
        let native = self.team_id(&seen.team)?;
        let (name, made) = (seen.team.name.as_str(), seen.made.is_some());
        let too_long = !values::fits(name);
        Ok(Sighted { native, name, prints: Prints::default(), made, too_long })
    }

    fn team_id<'t>(&self, team: &'t Group) -> Result<&'t str, Fault> {
        team.native(&self.system.namespace)
            .ok_or_else(|| Fault::new(FaultKind::Unexpected, "a team without an id of the system"))
    }

    /// The teams of the reading, in its order.
    fn teams_seen(
        &self,
        records: Vec<TeamRecord>,
        decision: &Decision,
        reading: &TeamReading,
    ) -> Result<ReconciledTeams, Fault> {
        let active = records.into_iter().filter(|record| record.state == State::Active);
        let mut all: HashMap<_, _> =
            active.filter_map(|record| record.native.map(|id| (id, record.team))).collect();
        let mut teams = Vec::with_capacity(reading.seen.len());
        for (seen, verdict) in reading.seen.iter().zip(&decision.verdicts) {
            teams.push(match verdict {
                Verdict::Withheld(why) => Err(*why),
                Verdict::Same { .. }
                | Verdict::Update { .. }
                | Verdict::Replace(_)
                | Verdict::New => all
                    .remove(self.team_id(&seen.team)?)
                    .ok_or("the record has changed in the meantime"),
            });
        }
        Ok(ReconciledTeams::Records(teams))
    }
}

/// The result if more reads are needed before a change.
fn needs_more(records: &[TeamRecord], decision: &Decision) -> Option<ReconciledTeams> {
    if decision.stale {
        return Some(ReconciledTeams::Stale);
    }
    let look_up: Vec<_> =
        decision.look_up.iter().filter_map(|at| records.get(*at)).cloned().collect();
    (!look_up.is_empty()).then_some(ReconciledTeams::LookUp(look_up))
}

/// Whether the decision changes nothing.
fn changes_nothing(decision: &Decision, reading: &TeamReading) -> bool {
    let still = |verdict: &Verdict| matches!(verdict, Verdict::Same { .. } | Verdict::Withheld(_));
    let made = reading.seen.iter().any(|seen| seen.made.is_some());
    let gone = !decision.suspend.is_empty() || !decision.tombstones.is_empty();
    !made && !gone && decision.verdicts.iter().all(still)
}
