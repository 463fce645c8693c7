//! From how a front points at a person to how the system behind does.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::realm::Numbering;
use isogloss_canonical::user::{User, UserRef, folded};

use crate::layers::bridge::{Bridge, fields};

impl Bridge {
    /// A person as system and shadow have them together.
    pub(super) async fn get(&self, user: &UserRef) -> Result<User, Fault> {
        match user {
            UserRef::FoldedName(_) | UserRef::Email(_) => self.search(user).await,
            UserRef::Name(_) => self.read(user.clone()).await,
            UserRef::Native(realm, _) if *realm == self.realm => self.read(user.clone()).await,
            UserRef::Native(..) | UserRef::Id(_) => {
                let shadow = self.ask_shadow(Command::GetUser(user.clone())).await?.user()?;
                let seen = self.ask_system(Command::GetUser(self.own(&shadow)?)).await?.user()?;
                let shadow = self.settle(*shadow, &seen).await?;
                Ok(fields::merge(&self.system, *seen, shadow))
            }
        }
    }

    /// Everybody, in the system's order.
    pub(super) async fn list(&self) -> Result<Vec<User>, Fault> {
        let seen = self.ask_system(Command::ListUsers).await?.users()?;
        let shadows = self.ask_shadow(Command::ListUsers).await?.users()?;
        let mut all = Vec::with_capacity(seen.len());
        for person in seen {
            let own = self.own_id(&person)?;
            let known = shadows.iter().find(|shadow| {
                self.own_id(shadow).is_ok_and(|id| id == own) && shadow.username == person.username
            });
            let shadow = match known {
                Some(shadow) => self.settle(shadow.clone(), &person).await?,
                None => self.adopt(&person).await?,
            };
            all.push(fields::merge(&self.system, person, shadow));
        }
        Ok(all)
    }

    async fn read(&self, user: UserRef) -> Result<User, Fault> {
        let seen = self.ask_system(Command::GetUser(user)).await?.user()?;
        let shadow = self.adopt(&seen).await?;
        Ok(fields::merge(&self.system, *seen, shadow))
    }

    async fn search(&self, user: &UserRef) -> Result<User, Fault> {
        let everybody = self.list().await?;
        let (exact, loose): (Vec<_>, Vec<_>) = match user {
            UserRef::FoldedName(name) => everybody
                .into_iter()
                .filter(|person| folded(&person.username) == folded(name))
                .partition(|person| person.username == *name),
            UserRef::Email(email) => everybody
                .into_iter()
                .filter(|person| {
                    person.email.as_ref().is_some_and(|own| folded(own) == folded(email))
                })
                .partition(|_| false),
            UserRef::Id(_) | UserRef::Native(..) | UserRef::Name(_) => (Vec::new(), Vec::new()),
        };
        // An ambiguous name is nobody's but its exact owner's.
        let mut found = if exact.is_empty() { loose } else { exact };
        match (found.pop(), found.is_empty()) {
            (Some(person), true) => Ok(person),
            _ => Err(Fault::not_found(Subject::User)),
        }
    }

    /// How the system points at a person.
    pub(super) fn own(&self, user: &User) -> Result<UserRef, Fault> {
        Ok(match self.numbering {
            Numbering::Names => UserRef::Name(user.username.clone()),
            Numbering::From(_) => UserRef::Native(self.realm.clone(), self.own_id(user)?),
        })
    }

    /// The system's id of a person.
    pub(super) fn own_id(&self, user: &User) -> Result<String, Fault> {
        match self.numbering {
            Numbering::Names => Ok(user.username.clone()),
            Numbering::From(_) => user.native(&self.realm).map(str::to_owned).ok_or_else(|| {
                Fault::new(FaultKind::Unexpected, "a person without an id of their system")
            }),
        }
    }
}
