//! A system in this process, which the tests change directly. It numbers its users or identifies
//! them by name, and its rows have the evidence of the real systems.

use std::collections::HashSet;
use std::sync::Mutex;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Lookup};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Evidence, NewUser, User, UserPatch, UserRef};
use isogloss_canonical::value::{ValueKind, ValueRule};
use isogloss_canonical::verb::Verb;

/// The evidence in the rows of a kind of system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The password hash, as in Kanboard.
    Secret,
    /// The day of creation, as in Dandelion.
    Created,
    /// Nothing.
    Nothing,
}

/// A result of `password_hash("secret", PASSWORD_BCRYPT, ["cost" => 4])` in PHP 8.2.
const HASH_OF_SECRET: &str = "$2y$04$pt6c8RrQsZMBtHdxoST4ouLdqjXiPkakAiAjPk8oLCZjONSx7HHG.";

/// The names that the system does not take.
const NO_SLASH: ValueRule = ValueRule::new(
    ValueKind::Username,
    "with a slash",
    |name| !name.contains('/'),
    || "a/b".to_owned(),
);

/// The system's id namespace.
pub(crate) const OWN: IdNamespace = IdNamespace::named("system");

/// The id namespace of a dialect that numbers people and teams itself.
pub(crate) const CLIENTS: IdNamespace = IdNamespace::named("clients");

/// A kind of system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) numbered: bool,
    /// Whether the highest id is used again after a deletion, as in SQLite.
    pub(crate) reuses: bool,
    pub(crate) proof: Proof,
}

impl Kind {
    pub(crate) fn numbering(self) -> Numbering {
        if self.numbered { Numbering::From(1) } else { Numbering::Names }
    }
}

/// One kind for each combination of numbering and evidence.
pub(crate) const KINDS: [Kind; 6] = [
    Kind { name: "reused-ids-and-hashes", numbered: true, reuses: true, proof: Proof::Secret },
    Kind { name: "reused-ids", numbered: true, reuses: true, proof: Proof::Nothing },
    Kind { name: "ids-and-dates", numbered: true, reuses: false, proof: Proof::Created },
    Kind { name: "ids-alone", numbered: true, reuses: false, proof: Proof::Nothing },
    Kind { name: "names-and-keys", numbered: false, reuses: true, proof: Proof::Secret },
    Kind { name: "names", numbered: false, reuses: true, proof: Proof::Nothing },
];

/// A user of the system.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// The real identity. The gateway never gets it.
    pub(crate) truth: u64,
    pub(crate) secret: String,
    pub(crate) created: String,
    pub(crate) role: Role,
    pub(crate) active: bool,
    pub(crate) email: Option<String>,
}

#[derive(Debug, Default)]
struct World {
    rows: Vec<Row>,
    highest: i64,
    truths: u64,
    asked: Vec<Verb>,
    /// The verbs that fail as in an outage.
    out: HashSet<Verb>,
    /// The reasons why users of a list cannot be read.
    unread: Vec<String>,
    /// Existing users whom a read by this verb does not show.
    hidden: HashSet<(Verb, String)>,
}

/// The system.
#[derive(Debug)]
pub(crate) struct System {
    kind: Kind,
    world: Mutex<World>,
    capability: Capability,
}

impl System {
    pub(crate) fn new(kind: Kind) -> Self {
        let verbs = [
            Verb::CreateUser,
            Verb::GetUser,
            Verb::ListUsers,
            Verb::UpdateUser,
            Verb::DeleteUser,
            Verb::ActivateUser,
            Verb::DeactivateUser,
            Verb::ChangePassword,
            Verb::VerifyPassword,
            Verb::FindKey,
        ];
        let fields = [Field::Email, Field::Role, Field::Managers, Field::Active, Field::Password];
        let renames = kind.numbered.then_some(Field::Rename);
        let capability = Capability::of(verbs).holding(fields).holding(renames);
        let capability = capability.finding([Lookup::Id, Lookup::Name]).refusing([NO_SLASH]);
        Self { kind, world: Mutex::default(), capability }
    }

    fn change<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.world.lock().unwrap())
    }

    /// Creates a user directly in the system. Returns the real identity.
    pub(crate) fn add(&self, name: &str, role: Role) -> u64 {
        let reuses = self.kind.reuses;
        self.change(|world| {
            let living = world.rows.iter().map(|row| row.id).max().unwrap_or_default();
            let id = if reuses { living + 1 } else { world.highest + 1 };
            world.highest = world.highest.max(id);
            world.truths += 1;
            let truth = world.truths;
            world.rows.push(Row {
                id,
                name: name.to_owned(),
                truth,
                secret: format!("$hash-{truth}"),
                created: format!("2020-01-{:02}", truth % 28 + 1),
                role,
                active: true,
                email: Some(format!("{name}@example.org")),
            });
            truth
        })
    }

    /// Removes a user directly in the system. Returns the row, for a backup.
    pub(crate) fn remove(&self, name: &str) -> Row {
        self.change(|world| {
            let at = world.rows.iter().position(|row| row.name == name).unwrap();
            world.rows.remove(at)
        })
    }

    /// Restores a row from a backup.
    pub(crate) fn put_back(&self, row: Row) {
        self.change(|world| world.rows.push(row));
    }

    /// Changes a row directly in the system.
    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Row)) {
        self.change(|world| edit(world.rows.iter_mut().find(|row| row.name == name).unwrap()));
    }

    /// Renames several users at once.
    pub(crate) fn rename_all(&self, names: &[(&str, &str)]) {
        self.change(|world| {
            for row in &mut world.rows {
                if let Some((_, to)) = names.iter().find(|(from, _)| *from == row.name) {
                    row.name = (*to).to_owned();
                }
            }
        });
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.change(|world| world.rows.iter().map(|row| row.name.clone()).collect())
    }

    /// The real identity of a user.
    pub(crate) fn truth(&self, name: &str) -> Option<u64> {
        self.change(|world| world.rows.iter().find(|row| row.name == name).map(|row| row.truth))
    }

    pub(crate) fn break_down(&self, verbs: &[Verb]) {
        self.change(|world| world.out = verbs.iter().copied().collect());
    }

    pub(crate) fn hide(&self, hidden: &[(Verb, &str)]) {
        let hidden = hidden.iter().map(|(verb, name)| (*verb, (*name).to_owned())).collect();
        self.change(|world| world.hidden = hidden);
    }

    /// From now on, lists are incomplete: one user cannot be read.
    pub(crate) fn list_in_part(&self) {
        self.change(|world| world.unread = vec!["a row that is cut".to_owned()]);
    }

    /// The verbs since the last call.
    pub(crate) fn asked(&self) -> Vec<Verb> {
        self.change(|world| std::mem::take(&mut world.asked))
    }

    /// A user as the system shows it.
    pub(crate) fn shown_as(&self, name: &str) -> User {
        let row = self.change(|world| world.rows.iter().find(|row| row.name == name).cloned());
        self.shown(&row.unwrap())
    }

    fn shown(&self, row: &Row) -> User {
        let ids = self.kind.numbered.then(|| (OWN, row.id.to_string()));
        let evidence = match self.kind.proof {
            Proof::Secret => Evidence {
                secret: Some(row.secret.as_str().into()),
                password: self.kind.numbered.then(|| HASH_OF_SECRET.into()),
                token: Some(format!("token of {}", row.name).into()),
                ..Evidence::default()
            },
            Proof::Created => {
                Evidence { created: Some(row.created.clone()), ..Evidence::default() }
            }
            Proof::Nothing => Evidence::default(),
        };
        User {
            ids: ids.into_iter().collect(),
            role: row.role,
            active: row.active,
            email: row.email.clone(),
            evidence,
            ..User::seen(row.name.clone())
        }
    }

    fn matches(&self, row: &Row, user: &UserRef) -> bool {
        match user {
            UserRef::Name(name) => row.name == *name,
            UserRef::Native(namespace, id) if *namespace == OWN => {
                if self.kind.numbered {
                    row.id.to_string() == *id
                } else {
                    row.name == *id
                }
            }
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                panic!("the system has no such reference: {user:?}")
            }
        }
    }

    fn find(&self, world: &World, verb: Verb, user: &UserRef) -> Result<Row, Fault> {
        let there = |row: &&Row| {
            self.matches(row, user) && !world.hidden.contains(&(verb, row.name.clone()))
        };
        let row = world.rows.iter().find(there).cloned();
        row.ok_or_else(|| Fault::not_found(Subject::User))
    }

    fn create(&self, new: &NewUser) -> Result<User, Fault> {
        if self.names().contains(&new.username) {
            return Err(Fault::conflict(Subject::Username));
        }
        self.add(&new.username, new.role);
        self.edit(&new.username, |row| row.email.clone_from(&new.email));
        self.change(|world| {
            let named = UserRef::Name(new.username.clone());
            self.find(world, Verb::CreateUser, &named).map(|row| self.shown(&row))
        })
    }

    fn update(&self, user: &UserRef, patch: UserPatch) -> Result<User, Fault> {
        self.change(|world| {
            let known = self.find(world, Verb::UpdateUser, user)?;
            let taken = |name: &String| world.rows.iter().any(|row| row.name == *name);
            if patch.username.as_ref().is_some_and(|name| *name != known.name && taken(name)) {
                return Err(Fault::conflict(Subject::Username));
            }
            let row = world.rows.iter_mut().find(|row| row.id == known.id).unwrap();
            row.name = patch.username.unwrap_or(known.name);
            row.role = patch.role.unwrap_or(row.role);
            row.active = patch.active.unwrap_or(row.active);
            if let Some(email) = patch.email {
                row.email = email;
            }
            if let Some(Some(password)) = patch.password {
                row.secret = format!("$hash-of-{}", password.expose());
            }
            Ok(self.shown(&row.clone()))
        })
    }

    fn list(&self) -> Outcome {
        self.change(|world| {
            let hidden = |row: &&Row| !world.hidden.contains(&(Verb::ListUsers, row.name.clone()));
            let rows = world.rows.iter().filter(hidden);
            let shown = rows.map(|row| self.shown(row)).collect();
            Outcome::people(shown, world.unread.clone())
        })
    }

    /// The key of a user is the user's name.
    fn find_key(&self, namespace: IdNamespace, value: &Secret) -> Result<Outcome, Fault> {
        let named = UserRef::Name(value.expose().to_owned());
        let row = self.change(|world| self.find(world, Verb::FindKey, &named));
        let row = row.map_err(|_| Fault::not_found(Subject::Key))?;
        let key = Key::vouched(namespace, None);
        Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(self.shown(&row)))))
    }

    fn answer(&self, command: Command) -> Result<Outcome, Fault> {
        let boxed = |user: User| Outcome::User(Box::new(user));
        match command {
            Command::CreateUser(new) => self.create(&new).map(boxed),
            Command::GetUser(user) => self.change(|world| {
                self.find(world, Verb::GetUser, &user).map(|row| boxed(self.shown(&row)))
            }),
            Command::ListUsers => Ok(self.list()),
            Command::UpdateUser(user, patch) => self.update(&user, *patch).map(boxed),
            Command::ActivateUser(user) => self.update(&user, activity(true)).map(boxed),
            Command::DeactivateUser(user) => self.update(&user, activity(false)).map(boxed),
            Command::ChangePassword(user, password) => {
                let patch = UserPatch { password: Some(password), ..UserPatch::default() };
                self.update(&user, patch).map(|_| Outcome::Done)
            }
            Command::DeleteUser(user) => {
                let row = self.change(|world| self.find(world, Verb::DeleteUser, &user))?;
                self.remove(&row.name);
                Ok(Outcome::Done)
            }
            Command::VerifyPassword(_, password) => {
                self.change(|world| world.asked.push(Verb::VerifyPassword));
                Ok(Outcome::Verified(password.expose() != "wrong"))
            }
            Command::FindKey(namespace, value) => self.find_key(namespace, &value),
            other @ (Command::CreateFromDirectory(_)
            | Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::CreateGroup(_)
            | Command::GetGroup(_)
            | Command::ListGroups(_)
            | Command::UpdateGroup(..)
            | Command::DeleteGroup(_)
            | Command::AddMember(..)
            | Command::RemoveMember(..)
            | Command::ListMembers(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_)) => panic!("{} is not asked of a system", other.verb()),
        }
    }
}

fn activity(active: bool) -> UserPatch {
    UserPatch { active: Some(active), ..UserPatch::default() }
}

#[async_trait]
impl Backend for System {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        let out = self.change(|world| {
            world.asked.push(verb);
            world.out.contains(&verb)
        });
        if out {
            return Err(Fault::new(FaultKind::Unavailable, "an outage"));
        }
        let before = self.answer(command);
        // A concurrent request sees the state in between.
        tokio::task::yield_now().await;
        before
    }
}
