//! What a role is called on the other side: two tables of a backend's configuration, one each way.
//!
//! What a table does not name stays as it is. A team that takes people over from a system whose
//! administrators are not to be administrators here says so in `from`.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Role, User};

use crate::config::settings;

/// The layer.
#[derive(Debug)]
pub struct Roles {
    inner: Arc<dyn Backend>,
    tables: settings::Roles,
}

impl Roles {
    /// Lays the tables over a system; without any, the system as it is.
    #[must_use]
    pub fn over(inner: Arc<dyn Backend>, tables: &settings::Roles) -> Arc<dyn Backend> {
        if tables.to.is_empty() && tables.from.is_empty() {
            return inner;
        }
        Arc::new(Self { inner, tables: tables.clone() })
    }

    fn outwards(&self, role: Role) -> Role {
        self.tables.to.get(&role.into()).map_or(role, |role| (*role).into())
    }

    fn inwards(&self, user: &mut User) {
        let seen = user.role.into();
        user.role = self.tables.from.get(&seen).map_or(user.role, |role| (*role).into());
    }
}

#[async_trait]
impl Backend for Roles {
    fn capability(&self) -> &Capability {
        self.inner.capability()
    }

    async fn execute(&self, mut command: Command, caller: &Caller) -> Result<Outcome, Fault> {
        match &mut command {
            Command::CreateUser(user) => user.role = self.outwards(user.role),
            Command::UpdateUser(_, patch) => {
                patch.role = patch.role.map(|role| self.outwards(role));
            }
            _ => {}
        }
        let mut outcome = self.inner.execute(command, caller).await?;
        match &mut outcome {
            Outcome::User(user) => self.inwards(user),
            Outcome::Users(users) => users.iter_mut().for_each(|user| self.inwards(user)),
            _ => {}
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::RoleWord;
    use crate::provision::accounts::Accounts;
    use crate::provision::bootstrap;
    use crate::registry;
    use isogloss_canonical::user::{NewUser, UserRef};

    #[tokio::test]
    async fn a_role_goes_out_and_comes_in_by_its_table() {
        let folder = tempfile::tempdir().unwrap();
        bootstrap::initialise(folder.path(), &Accounts::default()).await.unwrap();
        let store = isogloss_store::Store::open(folder.path(), registry::own_realms()).await;
        let store: Arc<dyn Backend> = Arc::new(store.unwrap());
        let tables = settings::Roles {
            to: [(RoleWord::Manager, RoleWord::User)].into(),
            from: [(RoleWord::Administrator, RoleWord::User)].into(),
        };
        let layer = Roles::over(Arc::clone(&store), &tables);
        let roles = [
            (Role::Manager, Role::User, Role::User),
            (Role::Administrator, Role::Administrator, Role::User),
            (Role::User, Role::User, Role::User),
        ];
        for (asked, kept, shown) in roles {
            let username = format!("{asked:?}");
            let new = NewUser { username: username.clone(), role: asked, ..NewUser::default() };
            let create = Command::CreateUser(Box::new(new));
            let made = layer.execute(create, &Caller::Gateway).await.unwrap().user().unwrap();
            assert_eq!(made.role, shown, "{asked:?}");
            let read = Command::GetUser(UserRef::Name(username));
            let there = store.execute(read, &Caller::Gateway).await.unwrap().user().unwrap();
            assert_eq!(there.role, kept, "{asked:?}");
        }
    }
}
