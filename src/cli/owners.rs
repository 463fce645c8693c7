//! The owners of keys, as `isogloss key list` shows them.

use std::collections::HashMap;

use isogloss_canonical::command::Command;
use isogloss_canonical::key::Key;
use isogloss_canonical::user::{User, UserId};
use isogloss_store::State;

use crate::cli::open::People;

/// The owner of a key.
#[derive(Debug)]
struct Owner {
    name: String,
    /// The state of the record. `None` for the embedded store.
    state: Option<State>,
}

/// All users of a backend who can own keys. For a remote backend these are all records, tombstones
/// too.
#[derive(Debug)]
pub(crate) struct Owners(HashMap<UserId, Owner>);

impl Owners {
    /// Reads the owners. It reads the system first, so that the states are current.
    pub(crate) async fn read(people: &People) -> anyhow::Result<Self> {
        let users = people.execute(Command::ListUsers).await?.users()?;
        let Some(sidecar) = people.sidecar() else {
            let one = |user: User| (user.id, Owner { name: user.username, state: None });
            return Ok(Self(users.into_iter().map(one).collect()));
        };
        let records = sidecar.records().all().await.map_err(|fault| People::said(&fault))?;
        let owners = records.into_iter().map(|record| {
            let state = Some(record.state);
            (record.user.id, Owner { name: record.user.username, state })
        });
        Ok(Self(owners.collect()))
    }

    fn of(&self, key: &Key) -> Option<&Owner> {
        key.owner.and_then(|id| self.0.get(&id))
    }

    /// Whether a record has this name or had it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.values().any(|owner| owner.name == name)
    }

    /// The owner's name. `None`: the application. A user who has just been deleted is shown by id.
    pub(crate) fn name(&self, key: &Key) -> Option<String> {
        let id = key.owner?;
        Some(self.of(key).map_or_else(|| id.to_string(), |owner| owner.name.clone()))
    }

    /// The state of the owner's record.
    pub(crate) fn state(&self, key: &Key) -> Option<&'static str> {
        self.of(key).and_then(|owner| owner.state).map(State::as_str)
    }

    /// The owner for a table: the name, and the state if the record is not active.
    pub(crate) fn label(&self, key: &Key) -> Option<String> {
        let name = self.name(key)?;
        Some(match self.of(key).and_then(|owner| owner.state) {
            Some(state @ (State::Suspended(_) | State::Tombstone)) => {
                format!("{name} ({})", state.as_str())
            }
            Some(State::Active) | None => name,
        })
    }
}
