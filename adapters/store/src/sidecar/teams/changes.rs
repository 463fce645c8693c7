//! Applies a decision to the records of teams.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{Group, NewGroup};

use crate::groups::update;
use crate::held::no_group_holds;
use crate::rows::now;
use crate::sidecar::decision::{Absence, Decision, Verdict};
use crate::sidecar::records::Records;
use crate::sidecar::teams::reading::{SeenTeam, TeamReading, TeamRecord};
use crate::sidecar::vanishing::word;
use crate::sql::{self, Connection};

impl Records {
    pub(in crate::sidecar) async fn apply_teams(
        &self,
        write: &mut Connection,
        records: &[TeamRecord],
        decision: &Decision,
        reading: &TeamReading,
    ) -> Result<(), Fault> {
        let known = |at: &usize| records.get(*at);
        for record in decision.tombstones.iter().filter_map(known) {
            self.make_team_tombstone(write, record).await?;
        }
        for (at, absence) in &decision.suspend {
            if let Some(record) = known(at) {
                suspend(write, record, *absence).await?;
            }
        }
        for (seen, verdict) in reading.seen.iter().zip(&decision.verdicts) {
            match verdict {
                Verdict::Replace(at) => {
                    if let Some(record) = known(at) {
                        self.make_team_tombstone(write, record).await?;
                    }
                    self.create_team_record(write, seen).await?;
                }
                Verdict::New => self.create_team_record(write, seen).await?,
                Verdict::Update { known: at, .. } => {
                    activate(write, known(at), &seen.team.name).await?;
                }
                Verdict::Same { known: at, .. } => {
                    complete_creation(write, known(at), seen).await?;
                }
                Verdict::Withheld(_) => {}
            }
        }
        Ok(())
    }

    async fn create_team_record(
        &self,
        write: &mut Connection,
        seen: &SeenTeam,
    ) -> Result<(), Fault> {
        let id = write.fresh_id();
        let ids = seen.team.ids.clone();
        let new = match &seen.made {
            Some(made) => NewGroup {
                ids: made.ids.clone().into_iter().chain(ids).collect(),
                name: seen.team.name.clone(),
                unique_name: false,
                ..(**made).clone()
            },
            None => NewGroup { name: seen.team.name.clone(), ids, ..NewGroup::default() },
        };
        self.inner().insert_group(write, id, &new).await?;
        self.inner().name_group(write, id, None, &new.ids).await?;
        let query = sql::query("UPDATE groups SET settled = $2 WHERE id = $1");
        let query = query.bind(id.to_string()).bind(now());
        query.execute(write).await.map(drop)
    }

    /// Makes a team's record a tombstone. Its id in the system belongs to the team that has it now.
    /// Its other ids are never used again.
    async fn make_team_tombstone(
        &self,
        write: &mut Connection,
        record: &TeamRecord,
    ) -> Result<(), Fault> {
        let id = record.team.id.to_string();
        let sql = "UPDATE groups SET state = 'tombstone', absence = NULL, settled = $2, was = $3, \
                   expected = NULL, unique_name = NULL WHERE id = $1";
        let query = sql::query(sql).bind(&id).bind(now()).bind(record.native.clone());
        query.execute(&mut *write).await?;
        let sql = "DELETE FROM identities WHERE id = $1 AND kind = 'group' AND namespace = $2";
        let query = sql::query(sql).bind(&id).bind(self.system.namespace.as_str());
        query.execute(write).await?;
        tracing::warn!(
            team = id,
            name = record.team.name,
            native = record.native,
            "another team has this team's id or name in the system: the record is a tombstone"
        );
        Ok(())
    }
}

async fn suspend(
    write: &mut Connection,
    record: &TeamRecord,
    absence: Absence,
) -> Result<(), Fault> {
    let sql = "UPDATE groups SET state = 'suspended', absence = $2, settled = $3 WHERE id = $1";
    let query = sql::query(sql).bind(record.team.id.to_string()).bind(word(absence)).bind(now());
    query.execute(write).await?;
    tracing::info!(
        team = %record.team.id, name = record.team.name, absence = word(absence),
        "the system does not show this team: the record is suspended"
    );
    Ok(())
}

async fn activate(
    write: &mut Connection,
    record: Option<&TeamRecord>,
    name: &str,
) -> Result<(), Fault> {
    let Some(record) = record else { return Ok(()) };
    let sql = concat!(
        "UPDATE groups SET state = 'active', absence = NULL, name = $2, settled = $3, \
         expected = NULL, holds_name = ",
        no_group_holds!("$2", "groups.namespace", "groups.backend", "groups.id"),
        " WHERE id = $1"
    );
    let query = sql::query(sql).bind(record.team.id.to_string()).bind(name).bind(now());
    query.execute(write).await.map(drop)
}

/// Completes a creation whose record was created by another request: sets the fields of the
/// creation.
async fn complete_creation(
    write: &mut Connection,
    record: Option<&TeamRecord>,
    seen: &SeenTeam,
) -> Result<(), Fault> {
    let (Some(record), Some(made)) = (record, &seen.made) else { return Ok(()) };
    let team = Group {
        description: made.description.clone(),
        owner: made.owner,
        active: !made.inactive,
        grants: made.grants.clone(),
        attributes: made.attributes.clone(),
        ..record.team.clone()
    };
    update(write, &team, true).await
}
