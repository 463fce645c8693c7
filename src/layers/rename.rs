//! Maps the names of roles and teams between the gateway and a system: two tables of the backend's
//! configuration, each for both directions.
//!
//! A name that is not in a table stays unchanged. Example: `roles.from` can make the administrators
//! of a system ordinary users of the gateway.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::{Backend, OwnAccount};
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{GroupChange, User};
use serde_json::Value;

/// The names of roles or of teams on both sides. A name that is not in a table stays unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping<T: Ord> {
    /// From the gateway's name to the system's.
    pub to: BTreeMap<T, T>,
    /// From the system's name to the gateway's.
    pub from: BTreeMap<T, T>,
}

/// The renames of a backend's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renamings {
    /// Roles.
    pub roles: Mapping<Role>,
    /// Teams, by name.
    pub teams: Mapping<String>,
}

/// The layer.
#[derive(Debug)]
pub struct Renamed {
    inner: Arc<dyn Backend>,
    roles: Mapping<Role>,
    teams: Mapping<String>,
}

impl Renamed {
    /// Adds the tables to a system. Without tables it returns the system unchanged.
    #[must_use]
    pub fn over(inner: Arc<dyn Backend>, renamings: Renamings) -> Arc<dyn Backend> {
        if renamings == Renamings::default() {
            return inner;
        }
        let Renamings { roles, teams } = renamings;
        Arc::new(Self { inner, roles, teams })
    }

    /// Maps a command for the system. The match has no wildcard arm: a new command must be listed
    /// here, whether or not it has a role or a team.
    fn outwards(&self, command: &mut Command) {
        let role = |role: Role| self.roles.to.get(&role).copied().unwrap_or(role);
        match command {
            Command::CreateUser(user) => {
                user.role = role(user.role);
                self.memberships(user.groups.as_mut());
            }
            Command::UpdateUser(_, patch) => {
                patch.role = patch.role.map(role);
                self.memberships(patch.groups.as_mut());
            }
            Command::CreateGroup(team) if team.namespace.is_none() => {
                rename(&self.teams.to, &mut team.name);
            }
            Command::UpdateGroup(team, patch) => {
                self.pointed_at(team);
                if let Some(name) = &mut patch.name {
                    rename(&self.teams.to, name);
                }
            }
            Command::GetGroup(team)
            | Command::DeleteGroup(team)
            | Command::AddMember(team, _)
            | Command::RemoveMember(team, _)
            | Command::ListMembers(team) => self.pointed_at(team),
            Command::CreateGroup(_)
            | Command::CreateFromDirectory(_)
            | Command::GetUser(_)
            | Command::ListUsers
            | Command::ActivateUser(_)
            | Command::DeactivateUser(_)
            | Command::DeleteUser(_)
            | Command::ChangePassword(..)
            | Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::ListGroups(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyPassword(..)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_) => {}
        }
    }

    /// Maps an outcome of the system. The match has no wildcard arm: every outcome with a person or
    /// a team is mapped.
    fn inwards(&self, outcome: &mut Outcome) {
        match outcome {
            Outcome::User(user) | Outcome::KeyFound(_, Some(user)) => self.person(user),
            Outcome::Users(users) | Outcome::UsersInPart(users, _) => {
                for user in users {
                    self.person(user);
                }
            }
            Outcome::Group(team) => self.team(team),
            Outcome::Groups(teams) => teams.iter_mut().for_each(|team| self.team(team)),
            Outcome::KeyFound(_, None)
            | Outcome::Done
            | Outcome::Keys(_)
            | Outcome::Settings(_)
            | Outcome::Locks(_)
            | Outcome::Verified(_) => {}
        }
    }

    fn pointed_at(&self, team: &mut GroupRef) {
        if let GroupRef::Name(None, name) = team {
            rename(&self.teams.to, name);
        }
    }

    fn memberships(&self, change: Option<&mut GroupChange>) {
        change
            .into_iter()
            .flat_map(|change| &mut change.groups)
            .for_each(|team| self.pointed_at(team));
    }

    fn person(&self, user: &mut User) {
        user.role = self.roles.from.get(&user.role).copied().unwrap_or(user.role);
        for team in user.groups.iter_mut().filter(|team| team.namespace.is_none()) {
            rename(&self.teams.from, &mut team.name);
        }
    }

    fn team(&self, team: &mut Group) {
        if team.namespace.is_none() {
            rename(&self.teams.from, &mut team.name);
        }
    }
}

fn rename(table: &BTreeMap<String, String>, name: &mut String) {
    if let Some(other) = table.get(name) {
        name.clone_from(other);
    }
}

#[async_trait]
impl Backend for Renamed {
    fn capability(&self) -> &Capability {
        self.inner.capability()
    }

    fn for_request(&self) -> Option<Arc<dyn Backend>> {
        let inner = self.inner.for_request()?;
        Some(Arc::new(Self { inner, roles: self.roles.clone(), teams: self.teams.clone() }))
    }

    async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        self.inner.fact(fact).await
    }

    async fn verifies_passwords(&self) -> Result<(), Fault> {
        self.inner.verifies_passwords().await
    }

    async fn own_account(&self) -> Result<OwnAccount, Fault> {
        self.inner.own_account().await
    }

    async fn execute(&self, mut command: Command) -> Result<Outcome, Fault> {
        self.outwards(&mut command);
        let mut outcome = self.inner.execute(command).await?;
        self.inwards(&mut outcome);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::accounts::Accounts;
    use crate::provision::bootstrap;
    use crate::registry;
    use isogloss_canonical::group::NewGroup;
    use isogloss_canonical::key::{Issuer, NewKey};
    use isogloss_canonical::namespace::IdNamespace;
    use isogloss_canonical::secret::Secret;
    use isogloss_canonical::user::{NewUser, UserRef};

    #[tokio::test]
    async fn a_role_goes_out_and_comes_in_by_its_table() {
        let folder = tempfile::tempdir().unwrap();
        bootstrap::initialise(folder.path(), &Accounts::default()).await.unwrap();
        let store = isogloss_store::Store::open(folder.path(), registry::own_namespaces()).await;
        let store: Arc<dyn Backend> = Arc::new(store.unwrap());
        let roles = Mapping {
            to: [(Role::Manager, Role::User)].into(),
            from: [(Role::Administrator, Role::User)].into(),
        };
        let renamings = Renamings { roles, ..Renamings::default() };
        let layer = Renamed::over(Arc::clone(&store), renamings);
        let roles = [
            (Role::Manager, Role::User, Role::User),
            (Role::Administrator, Role::Administrator, Role::User),
            (Role::User, Role::User, Role::User),
        ];
        for (asked, stored, shown) in roles {
            let username = format!("{asked:?}");
            let new = NewUser { username: username.clone(), role: asked, ..NewUser::default() };
            let create = Command::CreateUser(Box::new(new));
            let made = layer.execute(create).await.unwrap().user().unwrap();
            assert_eq!(made.role, shown, "{asked:?}");
            let read = Command::GetUser(UserRef::Name(username));
            let there = store.execute(read).await.unwrap().user().unwrap();
            assert_eq!(there.role, stored, "{asked:?}");
        }
    }

    /// With `from = { administrator = "user" }`, an administrator who authenticates with a key of
    /// the system is an ordinary user, as in a read by name.
    #[tokio::test]
    async fn the_owner_of_a_key_has_the_role_that_a_read_would_show() {
        let folder = tempfile::tempdir().unwrap();
        bootstrap::initialise(folder.path(), &Accounts::default()).await.unwrap();
        let store = isogloss_store::Store::open(folder.path(), registry::own_namespaces()).await;
        let store: Arc<dyn Backend> = Arc::new(store.unwrap());
        let from = [(Role::Administrator, Role::User)].into();
        let roles = Mapping { from, ..Mapping::default() };
        let renamings = Renamings { roles, ..Renamings::default() };
        let layer = Renamed::over(Arc::clone(&store), renamings);
        let new = NewUser {
            username: "chief".to_owned(),
            role: Role::Administrator,
            ..NewUser::default()
        };
        let (namespace, key) = (IdNamespace::named("octoprint"), Secret::new("chief's key"));
        let issue = NewKey {
            namespace: namespace.clone(),
            value: key.clone(),
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            issuer: Issuer::Gateway,
            replaces: false,
        };
        let chief = UserRef::Name("chief".to_owned());
        for command in
            [Command::CreateUser(Box::new(new)), Command::IssueKey(Some(chief), Box::new(issue))]
        {
            store.execute(command).await.unwrap();
        }
        let found = layer.execute(Command::FindKey(namespace, key)).await.unwrap();
        let Outcome::KeyFound(_, Some(owner)) = found else { panic!("{found:?}") };
        assert_eq!(owner.role, Role::User);
    }

    #[tokio::test]
    async fn a_team_goes_out_and_comes_in_by_its_name_there() {
        let folder = tempfile::tempdir().unwrap();
        bootstrap::initialise(folder.path(), &Accounts::default()).await.unwrap();
        let store = isogloss_store::Store::open(folder.path(), registry::own_namespaces()).await;
        let store: Arc<dyn Backend> = Arc::new(store.unwrap());
        let pair = |one: &str, other: &str| [(one.to_owned(), other.to_owned())].into();
        let teams = Mapping { to: pair("crew", "Staff"), from: pair("Staff", "crew") };
        let renamings = Renamings { teams, ..Renamings::default() };
        let layer = Renamed::over(Arc::clone(&store), renamings);
        let new = NewGroup { name: "crew".to_owned(), ..NewGroup::default() };
        let create = Command::CreateGroup(Box::new(new));
        let made = layer.execute(create).await.unwrap().group().unwrap();
        assert_eq!(made.name, "crew");
        let read = |name: &str| Command::GetGroup(GroupRef::Name(None, name.to_owned()));
        let there = store.execute(read("Staff")).await.unwrap();
        assert_eq!(there.group().unwrap().id, made.id);
        let here = layer.execute(read("crew")).await.unwrap();
        assert_eq!(here.group().unwrap().name, "crew");
        let new = NewUser { username: "ada".to_owned(), ..NewUser::default() };
        let create = Command::CreateUser(Box::new(new));
        layer.execute(create).await.unwrap();
        let (crew, ada) =
            (|| GroupRef::Name(None, "crew".to_owned()), || UserRef::Name("ada".to_owned()));
        layer.execute(Command::AddMember(crew(), ada())).await.unwrap();
        let read = layer.execute(Command::GetUser(ada())).await.unwrap();
        assert_eq!(read.user().unwrap().groups[0].name, "crew");
        let members = layer.execute(Command::ListMembers(crew())).await.unwrap();
        assert_eq!(members.users().unwrap().len(), 1);
        layer.execute(Command::DeleteGroup(crew())).await.unwrap();
    }
}
