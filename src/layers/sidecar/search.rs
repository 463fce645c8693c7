//! Finding people by what is no id: a name spelled otherwise, an e-mail address.
//!
//! The sidecar says who it may be, one read of the system says whether it is. What a caller without
//! credentials can ask never reads everybody for each question.

use isogloss_canonical::capability::Lookup;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::user::{User, UserRef, folded};
use isogloss_store::{Record, State};

use crate::layers::sidecar::layer::Sidecar;

impl Sidecar {
    /// The person whom the system has no look-up for: by the name in any case, by the e-mail address,
    /// or in the list of everybody.
    pub(super) async fn search(&self, user: &UserRef) -> Result<User, Fault> {
        self.introduce().await?;
        match user {
            UserRef::FoldedName(name) => self.spelled_like(user, name).await,
            UserRef::Email(_) => self.found_or_listed(user, self.alike(user).await?).await,
            UserRef::Id(_) | UserRef::Native(..) | UserRef::Name(_) => {
                self.search_everybody(user).await
            }
        }
    }

    /// Like [`Sidecar::search`], but everybody is asked for: for what must be unique.
    pub(super) async fn search_everybody(&self, user: &UserRef) -> Result<User, Fault> {
        choose(self.list().await?, user)
    }

    async fn spelled_like(&self, user: &UserRef, name: &str) -> Result<User, Fault> {
        let absent = || Fault::not_found(Subject::User);
        let asked_before = self.recent.is_unknown(name);
        if !asked_before && self.system.capability().finds(Lookup::Name) {
            match self.read(UserRef::Name(name.to_owned())).await {
                Err(fault) if fault.is_absence_of(Subject::User) => {}
                answer => return answer,
            }
        }
        let mut alike = self.alike(user).await?;
        alike.retain(|record| record.user.username != name);
        if alike.is_empty() && asked_before {
            return Err(absent());
        }
        self.found_or_listed(user, alike).await
    }

    /// The only record that may be meant, if the system agrees; without one, everybody is listed
    /// unless that was done a moment ago.
    async fn found_or_listed(&self, user: &UserRef, alike: Vec<Record>) -> Result<User, Fault> {
        let absent = || Fault::not_found(Subject::User);
        match alike.as_slice() {
            [record] => {
                let person = self.person_of(record).await?;
                if fits(&person, user) { Ok(person) } else { Err(absent()) }
            }
            // None, or several: of those nobody is meant.
            _ if self.recent.is_listed() => Err(absent()),
            _ => self.search_everybody(user).await,
        }
    }

    async fn alike(&self, user: &UserRef) -> Result<Vec<Record>, Fault> {
        let mut alike = self.records.alike(user).await?;
        if alike.len() > 1 {
            alike.retain(|record| record.state == State::Active);
        }
        Ok(alike)
    }

    /// The person of a record, as the system has them now; nobody, if it shows somebody else.
    pub(super) async fn person_of(&self, record: &Record) -> Result<User, Fault> {
        let own = self.own_ref(record).ok_or_else(|| Fault::not_found(Subject::User))?;
        let person = self.read(own).await?;
        if person.id == record.user.id {
            return Ok(person);
        }
        Err(Fault::not_found(Subject::User))
    }
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

/// An ambiguous name is nobody's but its exact owner's.
fn choose(everybody: Vec<User>, user: &UserRef) -> Result<User, Fault> {
    let mut found: Vec<_> = everybody.into_iter().filter(|person| fits(person, user)).collect();
    if let UserRef::FoldedName(name) = user
        && found.iter().any(|person| person.username == *name)
    {
        found.retain(|person| person.username == *name);
    }
    match (found.pop(), found.is_empty()) {
        (Some(person), true) => Ok(person),
        _ => Err(Fault::not_found(Subject::User)),
    }
}
