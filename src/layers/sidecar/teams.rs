//! Reconciles the records of teams with what a read of the system shows, before the read is
//! answered.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_store::{Absence, ReconciledTeams, SeenTeam, State, TeamReading, TeamRecord};

use crate::layers::sidecar::layer::{Sidecar, own_trouble};
use crate::layers::sidecar::memo::Before;

/// How many times the system is read again if the records change in the meantime.
const TRIES: usize = 4;
/// The most rounds of looking up teams one by one.
const ROUNDS: usize = 8;

/// The teams of a reading. `None`: the reading is outdated and must be repeated.
type Teams = Option<Vec<Result<Group, &'static str>>>;

impl Sidecar {
    /// All teams, in the system's order.
    pub(super) async fn list_teams(&self) -> Result<Vec<Group>, Fault> {
        for _ in 0..TRIES {
            let mut reading = TeamReading::begin();
            let listed = self.ask_system(Command::ListGroups(None)).await?.groups()?;
            reading.seen = listed.into_iter().map(SeenTeam::from).collect();
            reading.complete = true;
            if let Some(teams) = self.reconcile_teams(reading).await? {
                return Ok(teams.into_iter().filter_map(Result::ok).collect());
            }
        }
        Err(unstable())
    }

    /// The teams of a person, as the system answers.
    pub(super) async fn teams_of(&self, asked: &Command) -> Result<Vec<Group>, Fault> {
        for _ in 0..TRIES {
            let mut reading = TeamReading::begin();
            let listed = self.ask_system(asked.clone()).await?.groups()?;
            reading.seen = listed.into_iter().map(SeenTeam::from).collect();
            if let Some(teams) = self.reconcile_teams(reading).await? {
                return Ok(teams.into_iter().filter_map(Result::ok).collect());
            }
        }
        Err(unstable())
    }

    /// One team, by name or by the system's own id.
    pub(super) async fn read_team(&self, own: &GroupRef) -> Result<Group, Fault> {
        if let Some(team) = self.team_before(own).await? {
            return Ok(team);
        }
        for _ in 0..TRIES {
            let (reading, before) = (TeamReading::begin(), self.before());
            let answer = self.ask_system(Command::GetGroup(own.clone())).await;
            let row = match answer.and_then(Outcome::group) {
                Ok(row) => *row,
                Err(fault) if fault.is_absence_of(Subject::Group) => {
                    return self.no_such_team(own, fault).await;
                }
                Err(fault) => return Err(fault),
            };
            if let Some(team) = self.reconcile_team_row(reading, before, row).await? {
                return Ok(team);
            }
        }
        Err(unstable())
    }

    /// Reconciles a reading with this row, and keeps the row for the rest of the request. `None`:
    /// the reading is outdated.
    pub(super) async fn reconcile_team_row(
        &self,
        mut reading: TeamReading,
        before: Option<Before>,
        row: Group,
    ) -> Result<Option<Group>, Fault> {
        reading.seen = vec![SeenTeam::from(row.clone())];
        let team = self.reconcile_team(reading).await?;
        if let Some(team) = &team {
            self.keep_team(before, &row, team.id);
        }
        Ok(team)
    }

    /// The record of a team that the system has just created.
    pub(super) async fn made_team(
        &self,
        mut reading: TeamReading,
        team: Group,
        made: NewGroup,
    ) -> Result<Group, Fault> {
        let made = Some(Box::new(made));
        reading.seen.push(SeenTeam { team, made });
        match self.reconcile_team(reading).await.map_err(own_trouble)? {
            Some(team) => Ok(team),
            None => Err(Fault::new(FaultKind::Unavailable, "the record of a new team has changed")),
        }
    }

    async fn reconcile_team(&self, reading: TeamReading) -> Result<Option<Group>, Fault> {
        let Some(teams) = self.reconcile_teams(reading).await? else { return Ok(None) };
        match teams.into_iter().next() {
            Some(Ok(team)) => Ok(Some(team)),
            Some(Err(why)) => Err(Fault::new(FaultKind::Unavailable, why)),
            None => Err(Fault::new(FaultKind::Unexpected, "the reading has no team")),
        }
    }

    async fn reconcile_teams(&self, mut reading: TeamReading) -> Result<Teams, Fault> {
        for _ in 0..ROUNDS {
            match self.records.reconcile_teams(&reading).await.map_err(own_trouble)? {
                ReconciledTeams::Records(records) => {
                    return Ok(Some(self.join_teams(reading, records)));
                }
                ReconciledTeams::Stale => return Ok(None),
                ReconciledTeams::LookUp(records) => {
                    self.look_teams_up(&mut reading, records).await?;
                }
            }
        }
        Err(unstable())
    }

    /// Looks up in the system the teams of these records, whose id or name a reading does not show,
    /// or shows for another team.
    async fn look_teams_up(
        &self,
        reading: &mut TeamReading,
        records: Vec<TeamRecord>,
    ) -> Result<(), Fault> {
        for record in records {
            let Some(native) = record.native.clone() else {
                reading.absent.insert(record.team.id, true);
                continue;
            };
            let own = GroupRef::Native(self.namespace.clone(), native);
            match self.ask_system(Command::GetGroup(own)).await.and_then(Outcome::group) {
                Ok(team) => reading.seen.push(SeenTeam::from(*team)),
                Err(fault) if fault.is_absence_of(Subject::Group) => {
                    reading.absent.insert(record.team.id, true);
                }
                Err(fault) if !reading.complete => return Err(fault),
                Err(fault) => {
                    tracing::warn!(team = %record.team.id, %fault, "an absence is not confirmed");
                    reading.absent.insert(record.team.id, false);
                }
            }
        }
        Ok(())
    }

    /// The system answers that a team does not exist. If the sidecar has a record, a second,
    /// different read must confirm it.
    async fn no_such_team(&self, own: &GroupRef, absence: Fault) -> Result<Group, Fault> {
        let Some(record) = self.records.find_team(own).await? else { return Err(absence) };
        if !matches!(record.state, State::Active | State::Suspended(Absence::Once)) {
            return Err(absence);
        }
        let listed = match self.list_teams().await {
            Ok(listed) => listed,
            Err(outage) => {
                let mut reading = TeamReading::begin();
                reading.absent.insert(record.team.id, false);
                self.reconcile_teams(reading).await?;
                return Err(outage);
            }
        };
        let by_name = matches!(own, GroupRef::Name(..));
        let found = listed.into_iter().find(|team| team.id == record.team.id);
        found.filter(|team| !by_name || team.name == record.team.name).ok_or(absence)
    }

    fn join_teams(
        &self,
        reading: TeamReading,
        records: Vec<Result<Group, &'static str>>,
    ) -> Vec<Result<Group, &'static str>> {
        let one = |(seen, record): (SeenTeam, Result<Group, &'static str>)| match record {
            Ok(record) => Ok(self.merge(seen.team, record)),
            Err(why) => {
                tracing::warn!(name = seen.team.name, why, "a team has no record");
                Err(why)
            }
        };
        reading.seen.into_iter().zip(records).map(one).collect()
    }
}

fn unstable() -> Fault {
    Fault::new(
        FaultKind::Unavailable,
        "the records of teams change faster than they can be reconciled",
    )
}
