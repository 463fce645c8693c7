//! The back: carries commands out on a RhodeCode server, over its API.
//!
//! The gateway is a super administrator there. People and user groups are pointed at by number,
//! which is never taken for a name; `default`, the server's user 1, is nobody's account. An answer
//! of another shape than the recorded ones is a fault, never a guess.

mod api;
mod creation;
mod groups;
mod people;
mod row;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, OwnAccount, Upstream};
use isogloss_canonical::capability::{Capability, Field, Support};
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::outcome::Outcome;

use crate::backend::api::Api;
use crate::backend::row::Eyes;
use crate::version::Version;
use crate::wire::kept;

/// A RhodeCode server.
#[derive(Debug)]
pub(crate) struct RhodeCodeBackend {
    api: Api,
    service: Service,
    version: Version,
    capability: Capability,
}

/// Makes the backend of a RhodeCode server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let version = Version::named(service.version.as_deref());
    let api = Api::new(upstream, service.secret.clone());
    let capability = capability_of(version);
    Arc::new(RhodeCodeBackend { api, service: service.clone(), version, capability })
}

/// What the API of the newest version can do.
#[must_use]
pub(crate) fn capability() -> Capability {
    capability_of(Version::Current)
}

/// What RhodeCode's API can do. It verifies no passwords, and manages no keys.
fn capability_of(version: Version) -> Capability {
    let native = [
        Verb::GetUser,
        Verb::ListUsers,
        Verb::UpdateUser,
        Verb::ActivateUser,
        Verb::DeactivateUser,
        Verb::DeleteUser,
        Verb::ListLocks,
        Verb::FindKey,
        Verb::CreateGroup,
        Verb::GetGroup,
        Verb::ListGroups,
        Verb::UpdateGroup,
        Verb::DeleteGroup,
        Verb::AddMember,
        Verb::RemoveMember,
    ];
    let capability = Capability::of(native)
        .with(Verb::CreateUser, Support::Composed("get_users for names in other case, create_user"))
        .with(Verb::ChangePassword, Support::Lossy("a lost password cannot be set again"))
        .with(Verb::ListMembers, Support::Composed("get_user_group"))
        .with(Verb::GroupsOf, Support::Composed("get_user_groups"))
        .holding([Field::Rename, Field::Names, Field::Email, Field::Role, Field::Active])
        .holding([Field::Password, Field::Source, Field::TeamActive])
        .keeping(&[kept::EXTERN_NAME, kept::EXTERN_TYPE]);
    match version {
        Version::Current => capability.keeping(&[kept::DESCRIPTION]),
        Version::Early => capability,
    }
}

impl RhodeCodeBackend {
    /// An address that a person must have and does not is nobody's: below `.invalid`, which no real
    /// one ever is, it is not shown.
    fn eyes(&self) -> Eyes<'_> {
        let template = &self.service.defaults.email;
        let domain = template.rfind('@').and_then(|at| template.get(at..));
        let nowhere = domain.filter(|domain| domain.ends_with(".invalid"));
        Eyes { namespace: &self.service.namespace, nowhere }
    }
}

#[async_trait]
impl Backend for RhodeCodeBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match command {
            Command::CreateUser(user) => self.create(*user).await,
            Command::GetUser(user) => self.get(&user).await.map(|user| Outcome::User(user.into())),
            Command::FindKey(_, value) => self.find_key(value).await,
            Command::ListUsers => self.list().await,
            Command::UpdateUser(user, patch) => self.update(&user, *patch).await,
            Command::ActivateUser(user) => self.set_active(&user, true).await,
            Command::DeactivateUser(user) => self.set_active(&user, false).await,
            Command::DeleteUser(user) => self.delete(&user).await,
            Command::ChangePassword(user, password) => self.set_password(&user, password).await,
            Command::ListLocks(user) => self.locks(&user).await,
            other => self.about_groups(other).await,
        }
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.own().await
    }
}

/// A verb that [`capability`] does not name.
fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("RhodeCode's API has no {verb}"))
}
