//! The back: carries commands out on a Dandelion server, over its API by key.
//!
//! The server says little: a creation does not tell the new id, an unknown person is a success, a
//! deletion that did not happen is one too. Whatever an answer leaves open is read again; what is
//! still open then is a fault, never a guess.

mod api;
mod changes;
mod creation;
mod limits;
mod people;
mod row;

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

use crate::backend::api::Api;
use crate::wire::{INITIAL_LOGIN, THEME};

/// A Dandelion server.
#[derive(Debug)]
pub(crate) struct DandelionBackend {
    api: Api,
    service: Service,
    capability: Capability,
}

/// Makes the backend of a Dandelion server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let api = Api::new(upstream, &service.secret);
    Arc::new(DandelionBackend { api, service: service.clone(), capability: capability() })
}

/// What Dandelion's API can do. It has no e-mail addresses, and cannot rename people. Its groups
/// are sets of rights of its own; of those that it is installed with, it holds who is in them.
#[must_use]
pub(crate) fn capability() -> Capability {
    let native =
        [Verb::GetUser, Verb::ListUsers, Verb::ChangePassword, Verb::VerifyPassword, Verb::FindKey];
    Capability::of(native)
        .with(
            Verb::CreateUser,
            Support::Composed("users/getusers, users/create, users/getusers for the id"),
        )
        .with(Verb::ActivateUser, Support::Composed("users/enable, then a read"))
        .with(Verb::DeactivateUser, Support::Composed("users/disable, then a read"))
        .with(Verb::UpdateUser, Support::Lossy("no name or theme can be taken away"))
        .with(
            Verb::DeleteUser,
            Support::Composed("administrators become ordinary first, then users/delete and a read"),
        )
        .holding([Field::DisplayName, Field::Role, Field::Active, Field::Password, Field::Groups])
        .keeping(&[THEME, INITIAL_LOGIN])
}

#[async_trait]
impl Backend for DandelionBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match command {
            Command::CreateUser(user) => self.create(*user).await,
            Command::GetUser(user) => {
                self.get(&user).await.map(|known| Outcome::User(Box::new(known.user)))
            }
            Command::ListUsers => self.list().await,
            Command::UpdateUser(user, patch) => self.update(&user, *patch).await,
            Command::ActivateUser(user) => self.set_active(&user, true).await,
            Command::DeactivateUser(user) => self.set_active(&user, false).await,
            Command::DeleteUser(user) => self.delete(&user).await,
            Command::ChangePassword(user, password) => self.set_password(&user, password).await,
            Command::VerifyPassword(user, secret) => self.verify(&user, &secret).await,
            Command::FindKey(_, value) => self.find_key(&value).await,
            other => Err(unsupported(other.verb())),
        }
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.own().await
    }
}

/// A verb that [`capability`] does not name.
fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("Dandelion's API has no {verb}"))
}
