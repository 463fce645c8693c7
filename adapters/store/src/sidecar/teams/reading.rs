//! What a read of the system shows of its teams, and the result of reconciling the records with it.

use std::collections::HashMap;

use isogloss_canonical::group::{Group, GroupId, NewGroup};

use crate::rows::now;
use crate::sidecar::decision::{Known, State};

/// A team as the system shows it.
#[derive(Clone, Debug)]
pub struct SeenTeam {
    /// The system's own row.
    pub team: Group,
    /// What was asked for, if the gateway has made it just now.
    pub made: Option<Box<NewGroup>>,
}

impl From<Group> for SeenTeam {
    fn from(team: Group) -> Self {
        Self { team, made: None }
    }
}

/// What one or more reads of the system show of its teams.
#[derive(Clone, Debug)]
pub struct TeamReading {
    /// Which they show.
    pub seen: Vec<SeenTeam>,
    /// Whose records they show to be of none; true: a second, different read agrees.
    pub absent: HashMap<GroupId, bool>,
    /// Whether `seen` is all of them.
    pub complete: bool,
    pub(in crate::sidecar) began: i64,
}

impl TeamReading {
    /// A read that begins now. To be called before the system is asked.
    #[must_use]
    pub fn begin() -> Self {
        Self { seen: Vec::new(), absent: HashMap::new(), complete: false, began: now() }
    }
}

/// The record of a team.
#[derive(Clone, Debug)]
pub struct TeamRecord {
    /// The team as the sidecar knows it.
    pub team: Group,
    /// The state.
    pub state: State,
    /// The system's id.
    pub native: Option<String>,
    pub(in crate::sidecar) known: Known,
}

/// The result of reconciling the records with a reading of teams.
#[derive(Debug)]
pub enum ReconciledTeams {
    /// The records of those that were seen, in their order; or why one has none for now.
    Records(Vec<Result<Group, &'static str>>),
    /// Nothing was changed: where these are must be asked first, each by the system's own id.
    LookUp(Vec<TeamRecord>),
    /// Nothing was changed: the records have changed since the reading began.
    Stale,
}
