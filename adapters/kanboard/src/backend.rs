//! The back: carries commands out on a Kanboard server, over its JSON-RPC API.
//!
//! Reads the shapes of older servers too (numbers as strings). An answer that is not what the
//! manual says is a fault, never a guess.

mod creation;
mod groups;
mod people;
mod rpc;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, OwnAccount, Upstream};
use isogloss_canonical::capability::{Capability, Field, Support};
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::outcome::Outcome;

use crate::backend::rpc::Rpc;

/// A Kanboard server.
#[derive(Debug)]
pub(crate) struct KanboardBackend {
    rpc: Rpc,
    service: Service,
    capability: Capability,
}

/// Makes the backend of a Kanboard server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let rpc = Rpc::new(upstream, service.username.as_deref(), &service.secret);
    Arc::new(KanboardBackend { rpc, service: service.clone(), capability: capability() })
}

/// What Kanboard's API can do. It cannot set a password after creation, nor manage keys.
#[must_use]
pub(crate) fn capability() -> Capability {
    let native = [
        Verb::CreateFromDirectory,
        Verb::GetUser,
        Verb::ListUsers,
        Verb::DeleteUser,
        Verb::VerifyPassword,
        Verb::FindKey,
        Verb::CreateGroup,
        Verb::GetGroup,
        Verb::ListGroups,
        Verb::UpdateGroup,
        Verb::DeleteGroup,
        Verb::AddMember,
        Verb::RemoveMember,
        Verb::ListMembers,
        Verb::GroupsOf,
    ];
    Capability::of(native)
        .with(Verb::CreateUser, Support::Composed("createUser, then getUser"))
        .with(Verb::ActivateUser, Support::Composed("enableUser, then getUser"))
        .with(Verb::DeactivateUser, Support::Composed("disableUser, then getUser"))
        .with(Verb::UpdateUser, Support::Composed("updateUser, enableUser or disableUser"))
        .holding([Field::Rename, Field::DisplayName, Field::Email, Field::Role, Field::Active])
        .holding([Field::Managers, Field::Source])
}

#[async_trait]
impl Backend for KanboardBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match command {
            Command::CreateUser(user) => self.create(*user).await,
            Command::CreateFromDirectory(name) => self.create_from_directory(&name).await,
            Command::GetUser(user) => self.get(&user).await.map(|user| Outcome::User(user.into())),
            Command::ListUsers => self.list().await,
            Command::UpdateUser(user, patch) => self.update(&user, *patch).await,
            Command::ActivateUser(user) => self.set_active(&user, true).await,
            Command::DeactivateUser(user) => self.set_active(&user, false).await,
            Command::DeleteUser(user) => self.delete(&user).await,
            Command::VerifyPassword(user, secret) => self.verify(&user, &secret).await,
            Command::FindKey(_, value) => self.find_key(&value).await,
            other => self.about_groups(other).await,
        }
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.own().await
    }
}

/// A verb that [`capability`] does not name.
fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("Kanboard's API has no {verb}"))
}
