//! Reconciles the records with what a read of the system shows, before the read is answered.

use std::collections::HashMap;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_store::{Absence, Reading, Reconciled, Record, Seen, State};

use crate::layers::sidecar::fields;
use crate::layers::sidecar::layer::{Sidecar, own_trouble};

/// So many are looked up one by one; if more are missing at once, an operator decides.
const FEW: usize = 10;
/// So long a chain of renamings is followed before everybody is listed instead.
const LINKS: usize = 32;
/// So often the system is read again when the records change meanwhile.
const TRIES: usize = 4;

/// What a reading says: everybody in it, or `None` if it is outdated and must be repeated.
type People = Option<Vec<Result<User, &'static str>>>;

impl Sidecar {
    /// Reads one person, by name or by the system's own id, as system and sidecar have them.
    pub(super) async fn read(&self, user: UserRef) -> Result<User, Fault> {
        self.introduce().await?;
        for _ in 0..TRIES {
            let mut reading = Reading::begin();
            let answer = self.ask_system(Command::GetUser(user.clone())).await;
            match answer.and_then(Outcome::user) {
                Ok(seen) => reading.seen.push(Seen::from(*seen)),
                Err(fault) if fault.is_absence_of(Subject::User) => {
                    return self.not_there(&user, reading, fault).await;
                }
                Err(fault) => return Err(fault),
            }
            if let Some(person) = self.reconcile_one(reading).await? {
                return Ok(person);
            }
        }
        Err(unstable())
    }

    /// Everybody, in the system's order.
    pub(super) async fn list(&self) -> Result<Vec<User>, Fault> {
        self.list_with(Vec::new()).await.map(|(everybody, _)| everybody)
    }

    /// Everybody, and whether the list is whole; whoever is new takes these ids of other namespaces.
    pub(super) async fn list_with(&self, ids: Vec<Brought>) -> Result<(Vec<User>, bool), Fault> {
        for _ in 0..TRIES {
            let mut reading = Reading::begin();
            let listed = self.ask_system(Command::ListUsers).await?.listed()?;
            // Who could not be read may be there: such a list says of nobody that they are absent.
            reading.complete = listed.unread.is_empty();
            for why in &listed.unread {
                tracing::warn!(why, "somebody in the system cannot be read");
            }
            reading.seen = listed.users.into_iter().map(Seen::from).collect();
            Self::bring(&ids, &mut reading)?;
            let complete = reading.complete;
            if let Some(people) = self.reconcile(reading).await? {
                if complete && !self.recent.is_introduced() {
                    self.records.mark_introduced().await?;
                    self.recent.introduced();
                }
                if complete {
                    self.recent.listed();
                }
                return Ok((people.into_iter().filter_map(Result::ok).collect(), complete));
            }
        }
        Err(unstable())
    }

    /// On the first contact everybody gets a record, administrators first: low ids are not for
    /// whoever happens to be read first.
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

    /// Reconciles people whom another read of the system shows: members, owners. Whoever has no record
    /// for now is left out.
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

    /// Reconciles the only person of a reading; `None`: it is outdated.
    pub(super) async fn reconcile_one(&self, reading: Reading) -> Result<Option<User>, Fault> {
        let Some(people) = self.reconcile(reading).await? else { return Ok(None) };
        match people.into_iter().next() {
            Some(Ok(person)) => Ok(Some(person)),
            Some(Err(why)) => Err(Fault::new(FaultKind::Unavailable, why)),
            None => Err(Fault::new(FaultKind::Unexpected, "the reading has nobody")),
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
        Err(Fault::new(FaultKind::Unavailable, "a chain of renamings does not end"))
    }

    /// Asks the system where these are whose place a reading shows to be free or somebody else's.
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
            Ok(record) => Ok(fields::merge(&self.system, seen.user, record)),
            Err(why) => {
                tracing::warn!(username = seen.user.username, why, "a person has no record");
                Err(why)
            }
        };
        reading.seen.into_iter().zip(records).map(one).collect()
    }

    /// The system says that somebody is not there. If the sidecar knows them, a second, different
    /// read must agree before that counts.
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

    /// Reads somebody by id whom a read by name has not shown.
    async fn read_again(&self, record: &Record, first: &Reading) -> Result<Option<User>, Fault> {
        let mut reading = first.clone();
        self.look_up(&mut reading, vec![record.clone()]).await?;
        let people = self.reconcile(reading).await?.ok_or_else(unstable)?;
        Ok(people.into_iter().next().and_then(Result::ok))
    }

    /// Looks for somebody among everybody whom a read by id has not shown. If not everybody can be
    /// read, the name is asked for instead.
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
            let detail = "an absence is not confirmed: not everybody can be read";
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

    /// How the system points at the person of a record.
    pub(super) fn own_ref(&self, record: &Record) -> Option<UserRef> {
        let native = record.native.clone()?;
        Some(match self.numbering {
            Numbering::Names => UserRef::Name(native),
            Numbering::From(_) => UserRef::Native(self.namespace.clone(), native),
        })
    }

    /// Puts the ids that clients brought along, by name, beside those who are listed.
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

/// An id that a client already holds: whose, of which namespace, which.
pub(super) type Brought = (UserRef, IdNamespace, String);

/// The detail is for the operator, who brought the name.
pub(super) fn nobody_called(name: &str) -> Fault {
    let detail = format!("nobody in the system is called {name:?}");
    Fault::new(FaultKind::NotFound, detail).about(Subject::User)
}

fn unstable() -> Fault {
    Fault::new(FaultKind::Unavailable, "people change faster than they can be read")
}
