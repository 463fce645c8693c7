//! The back: carries commands out on an OctoPrint server, with an administrator's API key.
//!
//! Reads the shapes of 1.4 to 1.11, and with `version = "1.3"` those of the servers before, which
//! had one switch instead of groups. An answer that is not what the server documents is a fault,
//! never a guess.

mod api;
mod creation;
mod passwords;
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
use crate::options::BEFORE_1_4;

/// An OctoPrint server.
#[derive(Debug)]
pub(crate) struct OctoPrintBackend {
    api: Api,
    era: Era,
    service: Service,
    capability: Capability,
}

/// How a server says what people may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    /// By groups and permissions: since 1.4.
    Groups,
    /// By one switch, `admin`, which a change that does not mention it turns off: before 1.4.
    Switch,
}

/// Makes the backend of an OctoPrint server.
pub(crate) fn make(service: &Service, upstream: Arc<dyn Upstream>) -> Arc<dyn Backend> {
    let old = service.version.as_deref() == Some(BEFORE_1_4);
    let (era, people) =
        if old { (Era::Switch, "/api/users") } else { (Era::Groups, "/api/access/users") };
    let api = Api::new(upstream, people, &service.secret);
    Arc::new(OctoPrintBackend { api, era, service: service.clone(), capability: capability() })
}

/// What OctoPrint's API can do. It knows no full names and no e-mail addresses, and cannot rename
/// people. Its groups are sets of rights, which the gateway has of its own.
#[must_use]
pub(crate) fn capability() -> Capability {
    let native = [
        Verb::CreateUser,
        Verb::GetUser,
        Verb::ListUsers,
        Verb::ActivateUser,
        Verb::DeactivateUser,
        Verb::FindKey,
    ];
    Capability::of(native)
        .with(Verb::UpdateUser, Support::Composed("the password by itself, then a read and a PUT"))
        .with(Verb::DeleteUser, Support::Lossy("the gateway's own account there stays"))
        .with(Verb::ChangePassword, Support::Lossy("not that of the gateway's own account there"))
        .with(Verb::VerifyPassword, Support::Composed("a CSRF pair from /login/, then /api/login"))
        .holding([Field::Role, Field::Active, Field::Password])
}

#[async_trait]
impl Backend for OctoPrintBackend {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match command {
            Command::CreateUser(user) => self.create(*user).await,
            Command::GetUser(user) => self.get(&user).await,
            Command::ListUsers => self.list().await,
            Command::FindKey(_, value) => self.find_key(&value).await,
            Command::UpdateUser(user, patch) => self.update(&user, &patch).await,
            Command::ActivateUser(user) => self.change(&user, None, Some(true)).await,
            Command::DeactivateUser(user) => self.change(&user, None, Some(false)).await,
            Command::DeleteUser(user) => self.delete(&user).await,
            Command::ChangePassword(user, password) => self.set_password(&user, password).await,
            Command::VerifyPassword(user, secret) => self.verify(&user, &secret).await,
            other => Err(unsupported(other.verb())),
        }
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.own().await
    }
}

/// A verb that [`capability`] does not name.
fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("OctoPrint's API has no {verb}"))
}
