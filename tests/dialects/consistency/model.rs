//! The model: the expected users after the steps so far.

use std::collections::{BTreeMap, BTreeSet};

use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, folded};
use isogloss_testkit::calls::{Call, Calls, Names};

use super::names::PLAIN;
use super::steps::{asked, creation};
use super::{Front, KEY, Step, fronts};
use crate::calls::{self, Answer, Class};
use crate::gateway::TestGateway;

/// A user as expected after the steps so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The id in each dialect that has ids, by the dialect.
    ids: BTreeMap<String, String>,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) active: bool,
    pub(super) password: String,
    pub(super) member: bool,
    /// The key in each dialect that issues keys, by the dialect.
    pub(super) keys: BTreeMap<String, String>,
}

impl Person {
    /// The id in a dialect. It is the name in a dialect that has no others.
    pub(super) fn id(&self, calls: &Calls) -> &str {
        self.ids.get(&calls.dialect).unwrap_or(&self.name)
    }
}

/// All users, and the ids and keys of deleted ones.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) gateway: TestGateway,
    pub(super) people: Vec<Person>,
    /// Every id that was ever given, with its dialect.
    given: BTreeSet<(String, String)>,
    /// Keys that are no longer valid, each with its dialect.
    pub(super) dead: Vec<(String, String)>,
    passwords: u32,
}

impl Model {
    pub(super) async fn of(gateway: TestGateway) -> Self {
        let given = BTreeSet::new();
        let mut model = Self { gateway, people: Vec::new(), given, dead: Vec::new(), passwords: 0 };
        let root = model.gateway.user("root").await;
        model.arrive(&root, String::new()).unwrap();
        let issuing = fronts("issue_key");
        let keys = issuing.into_iter().map(|front| (front.dialect.clone(), KEY.to_owned()));
        model.people[0].keys = keys.collect();
        model
    }

    /// Adds a user of the store. The user's ids must be new.
    fn arrive(&mut self, user: &User, password: String) -> Result<(), String> {
        let mut ids = BTreeMap::new();
        for calls in calls::all().iter().filter(|calls| calls.people.id.is_some()) {
            let id = user.native(&IdNamespace::new(&calls.dialect)).unwrap_or_default().to_owned();
            if id.is_empty() || !self.given.insert((calls.dialect.clone(), id.clone())) {
                return Err(format!("{}'s id {id:?} was given before", calls.dialect));
            }
            ids.insert(calls.dialect.clone(), id);
        }
        self.people.push(Person {
            ids,
            name: user.username.clone(),
            role: user.role,
            active: user.active,
            password,
            member: false,
            keys: BTreeMap::new(),
        });
        Ok(())
    }

    /// The user that a number selects. It is never the caller of the steps.
    fn who(&self, number: usize) -> Option<usize> {
        let others = self.people.len() - 1;
        (others > 0).then(|| 1 + number % others)
    }

    /// Makes a step through its dialect, and in the model if the dialect reports success.
    pub(super) async fn take(&mut self, step: &Step) -> Result<(), String> {
        if let Step::Create(front, name, administrator) = step {
            return self.create(*front, name, *administrator).await;
        }
        let Some((_, _, number)) = step.call() else { return Ok(()) };
        let Some(at) = self.who(number) else { return Ok(()) };
        let password = self.next_password();
        let answer = self.gateway.send(asked(step, &self.people[at], &password)).await;
        if answer.class() != Class::Done {
            return self.not_done(step, at, &answer);
        }
        self.done(step, at, password, &answer).await
    }

    fn next_password(&mut self) -> String {
        self.passwords += 1;
        format!("pass \u{fc}ber {}", self.passwords)
    }

    fn is_taken(&self, front: Front, name: &str) -> bool {
        self.people.iter().any(|person| {
            let trimmed = front.names == Names::Trimmed && person.name == name.trim();
            let alike = front.names == Names::Folded && folded(&person.name) == folded(name);
            person.name == name || trimmed || alike
        })
    }

    async fn create(&mut self, front: Front, name: &str, admin: bool) -> Result<(), String> {
        let password = self.next_password();
        let taken = self.is_taken(front, name);
        let before = self.gateway.users().await;
        let answer = self.gateway.send(creation(front, name, &password, admin)).await;
        let after = self.gateway.users().await;
        let new: Vec<_> =
            after.iter().filter(|user| before.iter().all(|own| own.id != user.id)).collect();
        match (answer.class() == Class::Done, taken, new.as_slice()) {
            (true, false, [user]) => {
                if user.username != as_given(front, name) {
                    return Err(format!("{name:?} became {:?}", user.username));
                }
                let wanted = if admin { Role::Administrator } else { Role::User };
                if user.role != wanted {
                    return Err(format!("{name:?} became {:?}", user.role));
                }
                self.arrive(user, password)
            }
            (false, false, []) if !PLAIN.contains(&name) => Ok(()),
            (false, true, []) => Ok(()),
            // Some systems find names that differ in case: `docs/dialects/names.md`.
            (false, _, []) if front.names == Names::MayBeFolded && self.has_alike(name) => Ok(()),
            _ => Err(format!("taken: {taken}, new: {new:?}, answered {}", answer.text)),
        }
    }

    fn has_alike(&self, name: &str) -> bool {
        self.people.iter().any(|person| folded(&person.name) == folded(name))
    }

    /// Checks that a dialect had a reason to refuse: the name is taken or not valid there, the
    /// membership exists already, or it does not exist.
    fn not_done(&self, step: &Step, at: usize, answer: &Answer) -> Result<(), String> {
        let person = &self.people[at];
        let Some((front, call, _)) = step.call() else { return Ok(()) };
        // A slash ends the name in a path: `fixtures/transcripts/octoprint/users-create-slash.json`.
        let in_path = front.call(call).is_some_and(Call::has_name_in_path);
        let may = match (step, call) {
            _ if in_path && person.name.contains('/') => true,
            (Step::Rename(_, _, name), _) => {
                !PLAIN.contains(&name.as_str()) || self.has_alike(name)
            }
            (_, "join") => person.member,
            (_, "leave") => !person.member,
            _ => false,
        };
        if may {
            Ok(())
        } else {
            Err(format!("{}: {} {}", person.name, answer.status, answer.text))
        }
    }

    async fn done(
        &mut self,
        step: &Step,
        at: usize,
        password: String,
        answer: &Answer,
    ) -> Result<(), String> {
        if let Step::Rename(front, _, name) = step {
            return self.renamed(at, as_given(*front, name));
        }
        let Some((front, call, _)) = step.call() else { return Ok(()) };
        if call == "delete" {
            return self.delete(front, at).await;
        }
        let person = &mut self.people[at];
        let had_role = person.role == Role::Administrator;
        match call {
            "manager" => person.role = Role::Manager,
            "administrator" => person.role = Role::Administrator,
            "no_administrator" if had_role || front.users.replaces_roles => {
                person.role = Role::User;
            }
            "activate" | "deactivate" => person.active = call == "activate",
            "set_password" => person.password = password,
            "join" | "leave" => person.member = call == "join",
            "issue_key" | "revoke_key" => {
                let old = person.keys.remove(&front.dialect);
                self.dead.extend(old.map(|old| (front.dialect.clone(), old)));
                let issued = front.issued_key.as_deref().and_then(|at| answer.json.pointer(at));
                let issued = issued.and_then(|key| key.as_str()).map(str::to_owned);
                person.keys.extend(issued.map(|key| (front.dialect.clone(), key)));
            }
            _ => {}
        }
        Ok(())
    }

    fn renamed(&mut self, at: usize, name: &str) -> Result<(), String> {
        let mut others = self.people.iter().enumerate().filter(|(other, _)| *other != at);
        let taken = others.any(|(_, person)| person.name == name);
        let person = &mut self.people[at];
        if taken {
            return Err(format!("{} took the name {name:?} of another", person.name));
        }
        name.clone_into(&mut person.name);
        Ok(())
    }

    /// Dandelion reports that it has deleted an administrator, and does not delete it
    /// (`fixtures/transcripts/dandelion/delete-admin-user.json`). An exception depends on the id
    /// (`dandelion-user-two`).
    async fn delete(&mut self, front: Front, at: usize) -> Result<(), String> {
        let person = self.people[at].clone();
        let users = self.gateway.users().await;
        let there = users.iter().any(|user| user.username == person.name);
        let spared = front.users.spares_administrators && person.role == Role::Administrator;
        if there && !spared {
            return Err(format!("{} is still there", person.name));
        }
        if !there {
            self.dead.extend(person.keys);
            self.people.remove(at);
        }
        Ok(())
    }
}

/// The name that a dialect stores for a requested name.
fn as_given(front: Front, name: &str) -> &str {
    if front.names == Names::Trimmed { name.trim() } else { name }
}
