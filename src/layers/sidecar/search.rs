//! Finds people by something that is not an id: a name in another case, an e-mail address.
//!
//! The sidecar finds the possible record, and one read of the system confirms it. A request without
//! credentials never reads the list of all people each time.

use isogloss_canonical::capability::Lookup;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::user::{User, UserRef, folded};
use isogloss_store::{Record, State};

use crate::layers::sidecar::layer::Sidecar;

impl Sidecar {
    /// Finds a person if the system has no lookup for the reference: by name in any case, by e-mail
    /// address, or in the list of all people.
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

    /// Like [`Sidecar::search`], but always with the list of all people: for values that must be
    /// unique.
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

    /// The only matching record, if the system confirms it. Without a match, all people are listed,
    /// unless there was a list recently.
    async fn found_or_listed(&self, user: &UserRef, alike: Vec<Record>) -> Result<User, Fault> {
        let absent = || Fault::not_found(Subject::User);
        match alike.as_slice() {
            [record] => {
                let person = self.person_of(record).await?;
                if fits(&person, user) { Ok(person) } else { Err(absent()) }
            }
            // No record or several match, so the reference names nobody.
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

    /// The person of a record, as read from the system now. Not found if the system shows somebody
    /// else.
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

/// Chooses the match. If several people match, only one with the exact name is chosen.
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
