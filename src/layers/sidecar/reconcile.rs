//! Reconciles the records with what a read of the system shows, before the read is answered.

use std::collections::HashMap;
use std::time::Instant;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_store::{Absence, Reading, Reconciled, Record, Seen, State};

use crate::layers::sidecar::fields;
use crate::layers::sidecar::layer::{Sidecar, own_trouble};
use crate::layers::sidecar::memo::Before;

/// How many missing people are looked up one by one. If more are missing at once, an operator
/// decides.
const FEW: usize = 10;
/// The longest chain of renames that is read step by step. Beyond it, the list of all people is
/// read.
const LINKS: usize = 32;
/// How many times the system is read again if the records change in the meantime.
const TRIES: usize = 4;

/// The people of a reading. `None`: the reading is outdated and must be repeated.
type People = Option<Vec<Result<User, &'static str>>>;

impl Sidecar {
    /// Reads one person from system and sidecar, by name or by the system's id.
    pub(super) async fn read(&self, user: UserRef) -> Result<User, Fault> {
        self.introduce().await?;
        if let Some(person) = self.read_before(&user).await? {
            return Ok(person);
        }
        for _ in 0..TRIES {
            let (reading, before) = (Reading::begin(), self.before());
            let answer = self.ask_system(Command::GetUser(user.clone())).await;
            let row = match answer.and_then(Outcome::user) {
                Ok(row) => *row,
                Err(fault) if fault.is_absence_of(Subject::User) => {
                    return self.not_there(&user, reading, fault).await;
                }
                Err(fault) => return Err(fault),
            };
            if let Some(person) = self.reconcile_row(reading, before, row).await? {
                return Ok(person);
            }
        }
        Err(unstable())
    }

    /// Reconciles a reading with this row, and keeps the row for the rest of the request. `None`:
    /// the reading is outdated.
    pub(super) async fn reconcile_row(
        &self,
        reading: Reading,
        before: Option<Before>,
        row: User,
    ) -> Result<Option<User>, Fault> {
        let reading = reading.showing(vec![Seen::from(row.clone())]);
        let person = self.reconcile_one(reading).await?;
        if let Some(person) = &person {
            self.keep(before, &row, person.id);
        }
        Ok(person)
    }

    /// All people, in the system's order.
    pub(super) async fn list(&self) -> Result<Vec<User>, Fault> {
        self.list_with(Vec::new()).await.map(|(everybody, _)| everybody)
    }

    /// All people, and whether the list is complete. New people get these ids in other id
    /// namespaces.
    pub(super) async fn list_with(&self, ids: Vec<Brought>) -> Result<(Vec<User>, bool), Fault> {
        for _ in 0..TRIES {
            let (mut reading, began, before) = (Reading::begin(), Instant::now(), self.before());
            let listed = self.ask_system(Command::ListUsers).await?.listed()?;
            // A person who could not be read may exist. So an incomplete list shows no absence.
            reading.complete = listed.unread.is_empty();
            for why in &listed.unread {
                tracing::warn!(why, "a person of the system cannot be read");
            }
            reading.seen = listed.users.into_iter().map(Seen::from).collect();
            Self::bring(&ids, &mut reading)?;
            let complete = reading.complete;
            if let Some(people) = self.reconcile(reading).await? {
                if complete && !self.recent.is_introduced() {
                    self.records.mark_introduced().await?;
                    self.recent.introduced();
                }
                self.recent.listed(began, complete);
                let everybody: Vec<_> = people.into_iter().filter_map(Result::ok).collect();
                self.keep_everybody(before, &everybody);
                return Ok((everybody, complete));
            }
        }
        Err(unstable())
    }

    /// At the first contact creates a record for every person, administrators first. Without this,
    /// the order of reads would decide who gets the low ids.
    pub(super) async fn introduce(&self) -> Result<(), Fault> {
        if self.recent.is_introduced() {
            return Ok(());
        }
        if !self.records.is_introduced().await? && self.system.capability().has(Verb::ListUsers) {
            self.list().await?;
        }
        self.recent.introduced();
        Ok(())
    }

    /// Reconciles people from another read of the system: members, owners. A person without a
    /// record for now is left out.
    pub(super) async fn reconcile_all(
        &self,
        reading: Reading,
        seen: Vec<User>,
    ) -> Result<Vec<User>, Fault> {
        self.introduce().await?;
        let seen = seen.into_iter().map(Seen::from).collect();
        let people = self.reconcile(reading.showing(seen)).await?;
        Ok(people.ok_or_else(unstable)?.into_iter().filter_map(Result::ok).collect())
    }

    /// Reconciles a reading with one person. `None`: the reading is outdated.
    pub(super) async fn reconcile_one(&self, reading: Reading) -> Result<Option<User>, Fault> {
        let Some(people) = self.reconcile(reading).await? else { return Ok(None) };
        match people.into_iter().next() {
            Some(Ok(person)) => Ok(Some(person)),
            Some(Err(why)) => Err(Fault::new(FaultKind::Unavailable, why)),
            None => Err(Fault::new(FaultKind::Unexpected, "the reading has no person")),
        }
    }

    pub(super) async fn reconcile(&self, mut reading: Reading) -> Result<People, Fault> {
        for _ in 0..LINKS {
            match self.records.reconcile(&reading).await.map_err(own_trouble)? {
                Reconciled::Records(records) => return Ok(Some(self.join(reading, records))),
                Reconciled::Stale => return Ok(None),
                Reconciled::LookUp(records) => self.look_up(&mut reading, records).await?,
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "a chain of renames does not end"))
    }

    /// Looks up in the system the people of these records, whose id or name a reading does not
    /// show, or shows for somebody else.
    async fn look_up(&self, reading: &mut Reading, records: Vec<Record>) -> Result<(), Fault> {
        if records.len() > FEW {
            reading.absent.extend(records.iter().map(|record| (record.user.id, false)));
            return Ok(());
        }
        for record in records {
            let Some(own) = self.own_ref(&record) else {
                reading.absent.insert(record.user.id, true);
                continue;
            };
            match self.ask_system(Command::GetUser(own)).await.and_then(Outcome::user) {
                Ok(seen) => reading.seen.push(Seen::from(*seen)),
                Err(fault) if fault.is_absence_of(Subject::User) => {
                    reading.absent.insert(record.user.id, true);
                }
                Err(fault) if reading.complete => {
                    tracing::warn!(person = %record.user.id, %fault, "an absence is not confirmed");
                    reading.absent.insert(record.user.id, false);
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn join(
        &self,
        reading: Reading,
        records: Vec<Result<User, &'static str>>,
    ) -> Vec<Result<User, &'static str>> {
        let one = |(seen, record): (Seen, Result<User, &'static str>)| match record {
            Ok(record) => Ok(fields::merge((&self.system, &self.namespace), seen.user, record)),
            Err(why) => {
                tracing::warn!(username = seen.user.username, why, "a person has no record");
                Err(why)
            }
        };
        reading.seen.into_iter().zip(records).map(one).collect()
    }

    /// The system answers that a person does not exist. If the sidecar has a record, a second,
    /// different read must confirm it.
    async fn not_there(
        &self,
        user: &UserRef,
        reading: Reading,
        absence: Fault,
    ) -> Result<User, Fault> {
        let Some(record) = self.records.find(user).await? else {
            self.recent.not_there(user);
            return Err(absence);
        };
        if !matches!(record.state, State::Active | State::Suspended(Absence::Once)) {
            return Err(absence);
        }
        let by_name = matches!(user, UserRef::Name(_)) && self.numbering != Numbering::Names;
        let again = if by_name {
            self.read_again(&record, &reading).await
        } else {
            self.look_up_in_list(&record, &reading).await
        };
        match again {
            Ok(Some(person)) if !by_name || person.username == record.user.username => Ok(person),
            Ok(_) => Err(absence),
            Err(outage) => {
                self.reconcile(reading.missing(record.user.id, false)).await?;
                Err(outage)
            }
        }
    }

    /// Reads a person by id after a read by name has not found the person.
    async fn read_again(&self, record: &Record, first: &Reading) -> Result<Option<User>, Fault> {
        let mut reading = first.clone();
        self.look_up(&mut reading, vec![record.clone()]).await?;
        let people = self.reconcile(reading).await?.ok_or_else(unstable)?;
        Ok(people.into_iter().next().and_then(Result::ok))
    }

    /// Searches the list of all people after a read by id has not found the person. If the list is
    /// incomplete, the name is read instead.
    async fn look_up_in_list(
        &self,
        record: &Record,
        first: &Reading,
    ) -> Result<Option<User>, Fault> {
        let (everybody, whole) = self.list_with(Vec::new()).await?;
        let found = everybody.into_iter().find(|person| person.id == record.user.id);
        if found.is_some() || whole {
            return Ok(found);
        }
        if self.numbering == Numbering::Names {
            let detail = "an absence is not confirmed: not all people can be read";
            return Err(Fault::new(FaultKind::Unavailable, detail));
        }
        let named = Command::GetUser(UserRef::Name(record.user.username.clone()));
        let reading = match self.ask_system(named).await.and_then(Outcome::user) {
            Ok(seen) if Some(self.own_id(&seen)?) == record.native => {
                first.clone().showing(vec![Seen::from(*seen)])
            }
            Err(fault) if !fault.is_absence_of(Subject::User) => return Err(fault),
            Ok(_) | Err(_) => first.clone().missing(record.user.id, true),
        };
        let people = self.reconcile(reading).await?.ok_or_else(unstable)?;
        Ok(people.into_iter().next().and_then(Result::ok))
    }

    /// The reference of the system to the person of a record.
    pub(super) fn own_ref(&self, record: &Record) -> Option<UserRef> {
        let native = record.native.clone()?;
        Some(match self.numbering {
            Numbering::Names => UserRef::Name(native),
            Numbering::From(_) => UserRef::Native(self.namespace.clone(), native),
        })
    }

    /// Adds the ids that clients already use to the people of a list, by name.
    fn bring(ids: &[Brought], reading: &mut Reading) -> Result<(), Fault> {
        let places = reading.seen.iter().enumerate();
        let places: HashMap<_, _> =
            places.map(|(at, seen)| (seen.user.username.clone(), at)).collect();
        for (user, namespace, native) in ids {
            let UserRef::Name(name) = user else { continue };
            let meant = places.get(name).and_then(|at| reading.seen.get_mut(*at));
            let meant = meant.ok_or_else(|| nobody_called(name))?;
            meant.ids.insert(namespace.clone(), native.clone());
        }
        Ok(())
    }
}

/// An id that clients already use: the person, the id namespace, the id.
pub(super) type Brought = (UserRef, IdNamespace, String);

/// The fault for an unknown name. The detail is for the operator, who supplied the name.
pub(super) fn nobody_called(name: &str) -> Fault {
    let detail = format!("no user of the system is called {name:?}");
    Fault::new(FaultKind::NotFound, detail).about(Subject::User)
}

fn unstable() -> Fault {
    Fault::new(FaultKind::Unavailable, "the records change faster than they can be reconciled")
}
