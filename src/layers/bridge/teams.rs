//! Settles in the sidecar what a read of the system shows of its teams, before anybody hears of it.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupRef, NewGroup};
use isogloss_canonical::outcome::Outcome;
use isogloss_store::{Absence, SeenTeam, State, TeamReading, TeamRecord, TeamSettlement};

use crate::layers::bridge::{Bridge, own_trouble};

/// So often the system is read again when the records change meanwhile.
const TRIES: usize = 4;
/// So many rounds of looking teams up one by one.
const ROUNDS: usize = 8;

/// What a reading says: all in it, or `None` if it is outdated and must be repeated.
type Settled = Option<Vec<Result<Group, &'static str>>>;

impl Bridge {
    /// Every team, in the system's order.
    pub(super) async fn list_teams(&self) -> Result<Vec<Group>, Fault> {
        for _ in 0..TRIES {
            let mut reading = TeamReading::begin();
            let listed = self.ask_system(Command::ListGroups(None)).await?.groups()?;
            reading.seen = listed.into_iter().map(SeenTeam::from).collect();
            reading.complete = true;
            if let Some(settled) = self.settle_teams(reading).await? {
                return Ok(settled.into_iter().filter_map(Result::ok).collect());
            }
        }
        Err(restless())
    }

    /// The teams that the system says somebody is in.
    pub(super) async fn teams_of(&self, asked: &Command) -> Result<Vec<Group>, Fault> {
        for _ in 0..TRIES {
            let mut reading = TeamReading::begin();
            let listed = self.ask_system(asked.clone()).await?.groups()?;
            reading.seen = listed.into_iter().map(SeenTeam::from).collect();
            if let Some(settled) = self.settle_teams(reading).await? {
                return Ok(settled.into_iter().filter_map(Result::ok).collect());
            }
        }
        Err(restless())
    }

    /// One team, by name or by the system's own id.
    pub(super) async fn read_team(&self, own: &GroupRef) -> Result<Group, Fault> {
        for _ in 0..TRIES {
            let mut reading = TeamReading::begin();
            let answer = self.ask_system(Command::GetGroup(own.clone())).await;
            match answer.and_then(Outcome::group) {
                Ok(team) => reading.seen.push(SeenTeam::from(*team)),
                Err(fault) if fault.is_absence_of(Subject::Group) => {
                    return self.no_such_team(own, fault).await;
                }
                Err(fault) => return Err(fault),
            }
            if let Some(team) = self.settle_team(reading).await? {
                return Ok(team);
            }
        }
        Err(restless())
    }

    /// A team that the system has just made.
    pub(super) async fn made_team(
        &self,
        mut reading: TeamReading,
        team: Group,
        made: NewGroup,
    ) -> Result<Group, Fault> {
        let made = Some(Box::new(made));
        reading.seen.push(SeenTeam { team, made });
        match self.settle_team(reading).await.map_err(own_trouble)? {
            Some(team) => Ok(team),
            None => Err(Fault::new(FaultKind::Unavailable, "the record of a new team changed")),
        }
    }

    async fn settle_team(&self, reading: TeamReading) -> Result<Option<Group>, Fault> {
        let Some(settled) = self.settle_teams(reading).await? else { return Ok(None) };
        match settled.into_iter().next() {
            Some(Ok(team)) => Ok(Some(team)),
            Some(Err(why)) => Err(Fault::new(FaultKind::Unavailable, why)),
            None => Err(Fault::new(FaultKind::Unexpected, "no team was settled")),
        }
    }

    async fn settle_teams(&self, mut reading: TeamReading) -> Result<Settled, Fault> {
        for _ in 0..ROUNDS {
            match self.sidecar.settle_teams(&reading).await.map_err(own_trouble)? {
                TeamSettlement::Settled(records) => {
                    return Ok(Some(self.join_teams(reading, records)));
                }
                TeamSettlement::Stale => return Ok(None),
                TeamSettlement::Look(records) => self.look_for_teams(&mut reading, records).await?,
            }
        }
        Err(restless())
    }

    /// Asks the system where these are whose place a reading shows to be free or another's.
    async fn look_for_teams(
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

    /// The system says that a team is not there. If the sidecar knows it, a second, different read
    /// must agree before that counts.
    async fn no_such_team(&self, own: &GroupRef, absence: Fault) -> Result<Group, Fault> {
        let Some(record) = self.sidecar.find_team(own).await? else { return Err(absence) };
        if !matches!(record.state, State::Active | State::Suspended(Absence::Once)) {
            return Err(absence);
        }
        let listed = match self.list_teams().await {
            Ok(listed) => listed,
            Err(outage) => {
                let mut reading = TeamReading::begin();
                reading.absent.insert(record.team.id, false);
                self.settle_teams(reading).await?;
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

fn restless() -> Fault {
    Fault::new(FaultKind::Unavailable, "teams change faster than they can be read")
}
