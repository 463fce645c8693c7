//! The sidecar: the gateway's own record of everybody in a system behind a bridge.
//!
//! A record is one row of `users`: canonical id, ids in every namespace, keys, settings. It is in one
//! of three states:
//!
//! ```text
//!             an absence is seen                  somebody else has the id or the name
//!   active ---------------------> suspended -----------------------------------------> tombstone
//!     ^   <---------------------      |                                                    ^
//!     |     the same person proved    '-- an operator confirms, binds or buries ----------'
//!     '------ somebody else has the id, and nothing proves a renaming --------------------'
//! ```
//!
//! - *Active*: the system has this person.
//! - *Suspended*: the system does not show them. Their keys, sessions and remembered passwords open
//!   nothing. Their ids and their name are kept for them. An absence is seen `Once`, `Confirmed` by a
//!   second, different read, or `Held` when many vanished at once: then an operator decides.
//! - *Tombstone*: somebody else has the id or the name. Nothing of theirs ever passes to a successor;
//!   their ids in the other namespaces stay taken. Only an operator can bind a tombstone again.
//!
//! Whatever a read of the system shows is *settled* in one transaction: all names at once, so that
//! people may swap names or pass them on in a chain; whom the read does not explain is looked up in
//! the system first ([`Settlement::Look`]). Deciding is pure ([`decide`]) and is repeated inside the
//! transaction on what the records are then; running it twice changes nothing more. A read that began
//! before a record last changed changes nothing ([`Settlement::Stale`]): it is read again.

mod apply;
mod claims;
mod decide;
mod operate;
mod plan;
mod records;
mod teams;
mod vanishing;

use std::collections::HashMap;
use std::fmt;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::namespace::{IdNamespace, NativeIds, Numbering};
use isogloss_canonical::user::{NewUser, User, UserId};
use sqlx::SqliteConnection;

use crate::faults::fault;
use crate::sidecar::decide::{Prints, Sighted};
use crate::sidecar::plan::Plan;
use crate::{Inner, Store};

pub use crate::sidecar::claims::Claim;
pub use crate::sidecar::decide::{Absence, State};
pub use crate::sidecar::records::Record;
pub use crate::sidecar::teams::{SeenTeam, TeamReading, TeamRecord, TeamSettlement};

/// What the sidecar must know of the system it stands beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The system's own id namespace.
    pub namespace: IdNamespace,
    /// How it names its people.
    pub numbering: Numbering,
    /// Whether it holds e-mail addresses.
    pub emails: bool,
    /// Whether it holds activity.
    pub activity: bool,
    /// Whether it holds memberships in its own sets of rights.
    pub groups: bool,
}

/// The records beside one system. Clones share one database.
#[derive(Clone)]
pub struct Sidecar {
    store: Store,
    beside: Beside,
}

/// Somebody as the system shows them.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The system's own row.
    pub user: User,
    /// What was asked for, if the gateway has made them just now.
    pub made: Option<Box<NewUser>>,
    /// Ids to take in other namespaces, if this is somebody new.
    pub ids: NativeIds,
}

impl From<User> for Seen {
    fn from(user: User) -> Self {
        Self { user, made: None, ids: NativeIds::new() }
    }
}

impl Seen {
    /// Somebody whom the system has just made by itself, out of its own directory.
    #[must_use]
    pub fn arrived(user: User) -> Self {
        let seen = Self::from(user);
        let made = Some(Box::new(apply::record_of(&seen)));
        Self { made, ..seen }
    }
}

/// What one or more reads of the system show.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whom they show.
    pub seen: Vec<Seen>,
    /// Whose records they show to be of nobody; true: a second, different read agrees.
    pub absent: HashMap<UserId, bool>,
    /// Whether `seen` is everybody.
    pub complete: bool,
    began: i64,
}

impl Reading {
    /// A read that begins now. To be called before the system is asked.
    #[must_use]
    pub fn begin() -> Self {
        let began = crate::rows::now();
        Self { seen: Vec::new(), absent: HashMap::new(), complete: false, began }
    }

    /// The reading, which has shown these.
    #[must_use]
    pub fn showing(self, seen: Vec<Seen>) -> Self {
        Self { seen, ..self }
    }

    /// The reading, which has shown that this record's person is not there.
    #[must_use]
    pub fn missing(self, id: UserId, agreed: bool) -> Self {
        Self { absent: [(id, agreed)].into(), ..self }
    }
}

/// What came of settling a reading.
#[derive(Debug)]
pub enum Settlement {
    /// The records of those who were seen, in their order; or why somebody has none for now.
    Settled(Vec<Result<User, &'static str>>),
    /// Nothing was changed: where these are must be asked first, each by the system's own id.
    Look(Vec<Record>),
    /// Nothing was changed: the records have changed since the reading began.
    Stale,
}

impl Store {
    /// The records beside a system.
    #[must_use]
    pub fn sidecar(&self, beside: Beside) -> Sidecar {
        Sidecar { store: self.clone(), beside }
    }
}

impl fmt::Debug for Sidecar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sidecar").field("beside", &self.beside).finish_non_exhaustive()
    }
}

impl Sidecar {
    /// The store that the records are in.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    fn inner(&self) -> &Inner {
        &self.store.0
    }

    /// Settles what was read: everything in one transaction, or nothing.
    pub async fn settle(&self, reading: &Reading) -> Result<Settlement, Fault> {
        let sighted = self.sighted(reading)?;
        let database = &self.inner().database;
        let mut read =
            if reading.complete { database.list().await? } else { database.read().await? };
        let rows = self.load(&mut read, reading).await?;
        drop(read);
        let plan = self.plan(rows, reading, &sighted);
        if let Some(answer) = plan.asks() {
            return Ok(answer);
        }
        if plan.is_quiet() {
            return Ok(Settlement::Settled(plan.people(&sighted)));
        }
        let mut write = self.inner().database.write().await?;
        let rows = self.load(&mut write, reading).await?;
        let plan = self.plan(rows, reading, &sighted);
        if let Some(answer) = plan.asks() {
            return Ok(answer);
        }
        let settled = match self.carry_out(&mut write, plan, reading, &sighted).await {
            Ok(settled) => settled,
            // A record that was settled meanwhile holds the name.
            Err(taken) if taken.kind == FaultKind::Conflict => return refused(reading, taken),
            Err(other) => return Err(other),
        };
        write.commit().await.map_err(fault)?;
        Ok(Settlement::Settled(settled))
    }

    /// Those who were seen, as the decision needs them.
    fn sighted<'r>(&self, reading: &'r Reading) -> Result<Vec<Sighted<'r>>, Fault> {
        let one = |seen: &'r Seen| {
            Ok(Sighted {
                native: self.native(&seen.user)?,
                name: &seen.user.username,
                prints: self.prints(&seen.user),
                made: seen.made.is_some(),
            })
        };
        reading.seen.iter().map(one).collect()
    }

    fn native<'u>(&self, user: &'u User) -> Result<&'u str, Fault> {
        let native = match self.beside.numbering {
            Numbering::Names => Some(user.username.as_str()),
            Numbering::From(_) => user.native(&self.beside.namespace),
        };
        native.ok_or_else(|| {
            Fault::new(FaultKind::Unexpected, "a person without an id of their system")
        })
    }

    fn prints(&self, user: &User) -> Prints {
        let print = |what: &str, text: &str| self.inner().seals.digest(what, text);
        let evidence = &user.evidence;
        Prints {
            secret: evidence.secret.as_ref().map(|own| print("evidence secret", own.expose())),
            created: evidence.created.as_ref().map(|own| print("evidence created", own)),
        }
    }

    async fn carry_out(
        &self,
        write: &mut SqliteConnection,
        plan: Plan,
        reading: &Reading,
        sighted: &[Sighted<'_>],
    ) -> Result<Vec<Result<User, &'static str>>, Fault> {
        self.apply(write, &plan, reading, sighted).await?;
        let rows = self.load(write, reading).await?;
        let Plan { decision, .. } = plan;
        Ok(Plan { rows, decision, lessons: Vec::new() }.people(sighted))
    }
}

/// Ids that were asked for and are taken are the reason; else the reading is outdated.
fn refused(reading: &Reading, taken: Fault) -> Result<Settlement, Fault> {
    let made = |seen: &Seen| seen.made.as_ref().is_some_and(|made| !made.ids.is_empty());
    let asks_for_ids = reading.seen.iter().any(|seen| !seen.ids.is_empty() || made(seen));
    if asks_for_ids { Err(taken) } else { Ok(Settlement::Stale) }
}
