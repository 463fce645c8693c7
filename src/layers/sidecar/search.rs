//! Finds people by something that the system has no look-up for: an e-mail address, a name in
//! another case, in some systems the exact name.
//!
//! The sidecar finds the possible record, and one read of the system by id confirms it. Without a
//! record, one request lists all people of the system, and the others wait for its list. So a request
//! without credentials never reads the list of all people each time. The list is for finding only.

use std::time::{Duration, Instant};

use isogloss_canonical::capability::Lookup;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::user::{User, UserId, UserRef, folded};
use isogloss_store::{Record, State};

use crate::layers::sidecar::layer::Sidecar;
use crate::layers::sidecar::recent::{LISTED_FOR, NAMED_FOR};

impl Sidecar {
    /// Finds a person if the system has no lookup for the reference.
    pub(super) async fn search(&self, user: &UserRef) -> Result<User, Fault> {
        self.introduce().await?;
        match user {
            UserRef::FoldedName(name) => self.spelled_like(user, name).await,
            UserRef::Name(_) => self.found_or_listed(user, NAMED_FOR).await,
            UserRef::Email(_) => self.found_or_listed(user, LISTED_FOR).await,
            UserRef::Id(_) | UserRef::Native(..) => {
                choose(self.list().await?, user).ok_or_else(absent)
            }
        }
    }

    async fn spelled_like(&self, user: &UserRef, name: &str) -> Result<User, Fault> {
        if !self.system.capability().finds(Lookup::Name) {
            return self.found_or_listed(user, LISTED_FOR).await;
        }
        let asked_before = self.recent.is_unknown(name);
        if !asked_before {
            match self.read(UserRef::Name(name.to_owned())).await {
                Err(fault) if fault.is_absence_of(Subject::User) => {}
                answer => return answer,
            }
        }
        if asked_before && self.candidates(user).await?.is_empty() {
            return Err(absent());
        }
        self.found_or_listed(user, LISTED_FOR).await
    }

    /// The only matching record, if the system confirms it. Without one all people are listed,
    /// unless the last list is at most this old: then the reference names nobody.
    async fn found_or_listed(&self, user: &UserRef, age: Duration) -> Result<User, Fault> {
        if let Some(person) = self.confirmed(user).await? {
            return Ok(person);
        }
        if self.recent.last_list(age).is_none() {
            let found = match self.listed_within(age).await? {
                Some(everybody) => choose(everybody, user),
                None => self.confirmed(user).await?,
            };
            if let Some(person) = found {
                return Ok(person);
            }
        }
        let last = self.recent.last_list(LISTED_FOR);
        let is_complete = last.is_some_and(|listed| listed.is_complete);
        if matches!(user, UserRef::Name(_)) && !is_complete {
            let detail = "the list has people who cannot be read";
            return Err(Fault::new(FaultKind::Unexpected, detail));
        }
        Err(absent())
    }

    /// Lists all people, unless the last list is at most this old. If another request is listing
    /// them, its list is waited for. Answers the people if this request has listed them.
    pub(super) async fn listed_within(&self, age: Duration) -> Result<Option<Vec<User>>, Fault> {
        let asked = Instant::now();
        if self.recent.last_list(age).is_some() {
            return Ok(None);
        }
        let _alone = self.recent.listing.lock().await;
        // A list that began after the question is young enough in any case.
        if self.recent.last_list(age.max(asked.elapsed())).is_some() {
            return Ok(None);
        }
        if self.recent.has_failed_since(asked) {
            let detail = "the list that this request waited for has failed";
            return Err(Fault::new(FaultKind::Unavailable, detail));
        }
        let listed = self.list().await;
        if listed.is_err() {
            self.recent.failed();
        }
        listed.map(Some)
    }

    /// Whether somebody else than `known` has this name or address: among the people of a list that
    /// was just read, or else among the records, each confirmed by a read by id.
    pub(super) async fn is_taken(
        &self,
        user: &UserRef,
        known: Option<UserId>,
        just_listed: Option<&[User]>,
    ) -> Result<bool, Fault> {
        let is_other = |id: UserId| known != Some(id);
        if let Some(everybody) = just_listed {
            return Ok(everybody.iter().any(|one| is_other(one.id) && fits(one, user)));
        }
        for record in self.records.alike(user).await? {
            if !is_other(record.user.id) {
                continue;
            }
            match self.person_of(&record).await {
                Ok(person) if fits(&person, user) => return Ok(true),
                Ok(_) => {}
                Err(fault) if fault.is_absence_of(Subject::User) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }

    async fn confirmed(&self, user: &UserRef) -> Result<Option<User>, Fault> {
        let candidates = self.candidates(user).await?;
        let [record] = candidates.as_slice() else { return Ok(None) };
        match self.person_of(record).await {
            Ok(person) => Ok(Some(person).filter(|person| fits(person, user))),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The records that the reference can name. A name in any case names the exact one first; where
    /// the system finds exact names, it has been asked for that one already.
    async fn candidates(&self, user: &UserRef) -> Result<Vec<Record>, Fault> {
        let mut alike = self.records.alike(user).await?;
        if alike.len() > 1 {
            alike.retain(|record| record.state == State::Active);
        }
        if let UserRef::FoldedName(name) = user {
            let is_exact = |record: &Record| record.user.username == *name;
            if self.system.capability().finds(Lookup::Name) {
                alike.retain(|record| !is_exact(record));
            } else if alike.iter().any(is_exact) {
                alike.retain(is_exact);
            }
        }
        Ok(alike)
    }

    /// The person of a record, as read from the system now. Not found if the system shows somebody
    /// else.
    pub(super) async fn person_of(&self, record: &Record) -> Result<User, Fault> {
        let own = self.own_ref(record).ok_or_else(absent)?;
        let person = self.read(own).await?;
        if person.id == record.user.id { Ok(person) } else { Err(absent()) }
    }
}

fn absent() -> Fault {
    Fault::not_found(Subject::User)
}

fn fits(person: &User, user: &UserRef) -> bool {
    match user {
        UserRef::FoldedName(name) => folded(&person.username) == folded(name),
        UserRef::Email(email) => {
            !email.is_empty()
                && person.email.as_ref().is_some_and(|own| folded(own) == folded(email))
        }
        UserRef::Id(id) => person.id == *id,
        UserRef::Native(namespace, id) => person.native(namespace) == Some(id),
        UserRef::Name(name) => person.username == *name,
    }
}

/// Chooses the match. If several people match, only one with the exact name is chosen.
fn choose(everybody: Vec<User>, user: &UserRef) -> Option<User> {
    let mut found: Vec<_> = everybody.into_iter().filter(|person| fits(person, user)).collect();
    if let UserRef::FoldedName(name) = user
        && found.iter().any(|person| person.username == *name)
    {
        found.retain(|person| person.username == *name);
    }
    found.pop().filter(|_| found.is_empty())
}
