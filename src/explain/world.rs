//! The people, groups and keys that a request asks for, so that a simulated route has them.

use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::{Command, Reference};
use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, UserRef};

use crate::explain::rehearsal::Asked;
use crate::registry;

/// The name of a person whom the request names by an id or an address alone.
const SOMEONE: &str = "someone";
/// The name of a group that the request names by an id alone.
const SOME_GROUP: &str = "some group";
/// The name of the administrator.
const ADMINISTRATOR: &str = "admin";

/// What the request asks for.
#[derive(Debug, Default)]
pub(super) struct World {
    people: Vec<NewUser>,
    /// Ids of people by the name of the person.
    ids: Vec<(String, IdNamespace, String)>,
    groups: Vec<NewGroup>,
    keys: Vec<(IdNamespace, Secret, Option<String>)>,
}

impl World {
    /// Reads what the request asks for.
    pub(super) fn of(asked: &Asked) -> Self {
        let mut world = Self::default();
        for credentials in &asked.credentials {
            world.proves(credentials);
        }
        for command in &asked.commands {
            match command.reference() {
                Reference::Person(user) => drop(world.person(user)),
                Reference::Group(group) => world.group(group),
                Reference::Key(_) | Reference::Nothing => {}
            }
            if let Command::AddMember(_, user) | Command::RemoveMember(_, user) = command {
                drop(world.person(user));
            }
        }
        world
    }

    fn proves(&mut self, credentials: &Credentials) {
        match credentials {
            Credentials::Key { namespace, value, scopes } => {
                let scope = scopes.first().map(|scope| (*scope).to_owned());
                self.keys.push((namespace.clone(), value.clone(), scope));
            }
            Credentials::Login { user, secret, .. } => {
                let name = self.person(user);
                let person = self.people.iter_mut().find(|one| one.username == name);
                if let Some(person) = person {
                    person.password = Some(secret.clone());
                    person.role = Role::Administrator;
                }
            }
            Credentials::Vouched(user) => drop(self.person(user)),
            Credentials::Named(_, name) => drop(self.person(&UserRef::Name(name.clone()))),
        }
    }

    /// Adds a person, and returns the name.
    fn person(&mut self, user: &UserRef) -> String {
        let (name, email) = match user {
            UserRef::Name(name) | UserRef::FoldedName(name) => (name.clone(), None),
            UserRef::Email(email) => (SOMEONE.to_owned(), Some(email.clone())),
            UserRef::Native(..) | UserRef::Id(_) => (SOMEONE.to_owned(), None),
        };
        if let UserRef::Native(namespace, id) = user {
            self.ids.push((name.clone(), namespace.clone(), id.clone()));
        }
        if !self.people.iter().any(|one| one.username == name) {
            let email = email.or_else(|| Some(format!("{name}@example.org")));
            self.people.push(NewUser { username: name.clone(), email, ..NewUser::default() });
        }
        name
    }

    fn group(&mut self, group: &GroupRef) {
        let mut new = NewGroup { name: SOME_GROUP.to_owned(), ..NewGroup::default() };
        match group {
            GroupRef::Name(namespace, name) => {
                new.name.clone_from(name);
                new.namespace.clone_from(namespace);
            }
            GroupRef::Native(namespace, id) => drop(new.ids.insert(namespace.clone(), id.clone())),
            GroupRef::Id(_) => {}
        }
        if !self.groups.iter().any(|one| one.name == new.name) {
            self.groups.push(new);
        }
    }

    /// Creates the people and groups in a system whose ids are in this namespace.
    pub(super) async fn fill(&self, system: &dyn Backend, namespace: &IdNamespace) {
        for person in &self.people {
            let own =
                self.ids.iter().filter(|(name, of, _)| *name == person.username && of == namespace);
            let ids = own.map(|(_, of, id)| (of.clone(), id.clone())).collect();
            let new = NewUser { ids, ..person.clone() };
            tried(system, Command::CreateUser(Box::new(new))).await;
        }
        for group in &self.groups {
            tried(system, Command::CreateGroup(Box::new(group.clone()))).await;
        }
        self.open(system).await;
    }

    /// Makes the people known to the backend of the route, with their other ids and their keys.
    pub(super) async fn introduce(
        &self,
        backend: &dyn Backend,
        namespace: &IdNamespace,
    ) -> anyhow::Result<()> {
        let _known = backend.execute(Command::ListUsers).await?;
        self.open(backend).await;
        for (name, of, id) in self.ids.iter().filter(|(_, of, _)| of != namespace) {
            let all = vec![(UserRef::Name(name.clone()), of.clone(), id.clone())];
            tried(backend, Command::AssignIds(all)).await;
        }
        Ok(())
    }

    /// Issues the keys that the request shows: to the application where the system has such keys, else
    /// to the administrator.
    async fn open(&self, backend: &dyn Backend) {
        for (namespace, value, scope) in &self.keys {
            let owner = (!registry::has_application_key(namespace))
                .then(|| UserRef::Name(ADMINISTRATOR.to_owned()));
            let new = NewKey {
                namespace: namespace.clone(),
                value: value.clone(),
                label: None,
                scope: scope.clone(),
                expires: None,
                addresses: Vec::new(),
                issuer: Issuer::Gateway,
                replaces: false,
            };
            tried(backend, Command::IssueKey(owner, Box::new(new))).await;
        }
    }
}

/// Runs a command that may be impossible here: a person may exist already, or a system may not have the
/// verb.
async fn tried(backend: &dyn Backend, command: Command) {
    let verb = command.verb();
    if backend.capability().has(verb)
        && let Err(fault) = backend.execute(command).await
    {
        tracing::debug!(%verb, %fault, "not prepared");
    }
}
