//! The results of reads of the system's teams, and of reconciling the records with them.

use std::collections::HashMap;

use isogloss_canonical::group::{Group, NewGroup};
use isogloss_canonical::membership::GroupId;
use jiff::Timestamp;

use crate::rows::now;
use crate::sidecar::decision::{Known, State};

/// A team as read from the system.
#[derive(Clone, Debug)]
pub struct SeenTeam {
    /// The system's own row.
    pub team: Group,
    /// The creation, if the gateway has just created this team.
    pub made: Option<Box<NewGroup>>,
}

impl From<Group> for SeenTeam {
    fn from(team: Group) -> Self {
        Self { team, made: None }
    }
}

/// The results of one or several reads of the system's teams.
#[derive(Clone, Debug)]
pub struct TeamReading {
    /// The teams that were read.
    pub seen: Vec<SeenTeam>,
    /// The records whose teams are absent. True: a second, different read confirms it.
    pub absent: HashMap<GroupId, bool>,
    /// Whether `seen` has all teams of the system.
    pub complete: bool,
    pub(in crate::sidecar) began: i64,
}

impl TeamReading {
    /// A reading that begins now. It must be called before the request to the system.
    #[must_use]
    pub fn begin() -> Self {
        Self { seen: Vec::new(), absent: HashMap::new(), complete: false, began: now() }
    }
}

/// The record of a team.
#[derive(Clone, Debug)]
pub struct TeamRecord {
    /// The team, as stored in the sidecar.
    pub team: Group,
    /// The state.
    pub state: State,
    /// The system's id.
    pub native: Option<String>,
    pub(in crate::sidecar) known: Known,
}

impl TeamRecord {
    /// The time of the last change of state, name or id.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        Timestamp::from_microsecond(self.known.changed).unwrap_or(Timestamp::MAX)
    }
}

/// The result of reconciling the records with a reading of teams.
#[derive(Debug)]
pub enum ReconciledTeams {
    /// The records of the teams of the reading, in its order. An error: the reason why a team has
    /// none for now.
    Records(Vec<Result<Group, &'static str>>),
    /// Nothing was changed. The teams of these records must be looked up first, each by the
    /// system's id.
    LookUp(Vec<TeamRecord>),
    /// Nothing was changed, because the records have changed since the reading began.
    Stale,
}
