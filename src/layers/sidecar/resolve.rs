//! Translates a reference in a command to a reference of the system.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::user::{User, UserRef};

use crate::layers::sidecar::layer::Sidecar;

impl Sidecar {
    /// Reads a person from system and sidecar. A suspended record or a tombstone is not found, also
    /// if another person now has its id or name.
    pub(super) async fn get(&self, user: &UserRef) -> Result<User, Fault> {
        let found_there = self.system.capability().finds_by(user);
        match user {
            UserRef::Id(_) => self.recorded(user).await,
            UserRef::Native(namespace, _) if *namespace != self.namespace => {
                self.recorded(user).await
            }
            UserRef::Native(..) | UserRef::Name(_) if found_there => self.read(user.clone()).await,
            UserRef::FoldedName(_) | UserRef::Email(_) if found_there => {
                let found = self.ask_system(Command::GetUser(user.clone())).await?.user()?;
                self.read(self.own(&found)?).await
            }
            UserRef::Native(..) | UserRef::Name(_) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                self.search(user).await
            }
        }
    }

    /// The person of the record that this reference names.
    async fn recorded(&self, user: &UserRef) -> Result<User, Fault> {
        self.introduce().await?;
        let record = self.records.find(user).await?;
        let record = record.ok_or_else(|| Fault::not_found(Subject::User))?;
        self.person_of(&record).await
    }

    /// The reference of the system to a person.
    pub(super) fn own(&self, user: &User) -> Result<UserRef, Fault> {
        Ok(match self.numbering {
            Numbering::Names => UserRef::Name(user.username.clone()),
            Numbering::From(_) => UserRef::Native(self.namespace.clone(), self.own_id(user)?),
        })
    }

    /// The system's id of a person.
    pub(super) fn own_id(&self, user: &User) -> Result<String, Fault> {
        match self.numbering {
            Numbering::Names => Ok(user.username.clone()),
            Numbering::From(_) => {
                user.native(&self.namespace).map(str::to_owned).ok_or_else(|| {
                    Fault::new(FaultKind::Unexpected, "a person without an id of the system")
                })
            }
        }
    }
}
