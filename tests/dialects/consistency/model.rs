//! The model: the expected users after the steps so far.

use std::collections::BTreeSet;

use super::names::PLAIN;
use super::steps::{asked, creation};
use super::{Dialect, KEY, Step};
use crate::calls::{Answer, Class};
use crate::gateway::TestGateway;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, folded};

/// A user as expected after the steps so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) kanboard: i64,
    pub(super) rhodecode: i64,
    pub(super) dandelion: i64,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) active: bool,
    pub(super) password: String,
    pub(super) member: bool,
    pub(super) key: Option<String>,
}

/// All users, and the ids and keys of deleted ones.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) gateway: TestGateway,
    pub(super) people: Vec<Person>,
    /// Every id that was ever given, with its id namespace.
    given: BTreeSet<(&'static str, i64)>,
    /// Keys that are no longer valid.
    pub(super) dead: Vec<String>,
    passwords: u32,
}

impl Model {
    pub(super) async fn of(gateway: TestGateway) -> Self {
        let given = BTreeSet::new();
        let mut model = Self { gateway, people: Vec::new(), given, dead: Vec::new(), passwords: 0 };
        let root = model.gateway.user("root").await;
        model.arrive(&root, String::new()).unwrap();
        model.people[0].key = Some(KEY.to_owned());
        model
    }

    /// Adds a user of the store. The user's ids must be new.
    fn arrive(&mut self, user: &User, password: String) -> Result<(), String> {
        let id = |namespace: &str| -> i64 {
            let id = user.ids.iter().find(|(own, _)| own.as_str() == namespace);
            id.and_then(|(_, id)| id.parse().ok()).unwrap_or_default()
        };
        let person = Person {
            kanboard: id("kanboard"),
            rhodecode: id("rhodecode"),
            dandelion: id("dandelion"),
            name: user.username.clone(),
            role: user.role,
            active: user.active,
            password,
            member: false,
            key: None,
        };
        for (namespace, id) in [
            ("kanboard", person.kanboard),
            ("rhodecode", person.rhodecode),
            ("dandelion", person.dandelion),
        ] {
            if id == 0 || !self.given.insert((namespace, id)) {
                return Err(format!("{namespace}'s id {id} was given before"));
            }
        }
        self.people.push(person);
        Ok(())
    }

    /// The user that a number selects. It is never the caller of the steps.
    fn who(&self, number: usize) -> Option<usize> {
        let others = self.people.len() - 1;
        (others > 0).then(|| 1 + number % others)
    }

    /// Makes a step through its dialect, and in the model if the dialect reports success.
    pub(super) async fn take(&mut self, step: &Step) -> Result<(), String> {
        if let Step::Create(dialect, name, admin) = step {
            return self.create(*dialect, name, *admin).await;
        }
        let (Step::Rename(_, number, _)
        | Step::Manager(number)
        | Step::Administrator(_, number, _)
        | Step::Active(_, number, _)
        | Step::Password(_, number)
        | Step::Delete(_, number)
        | Step::Join(_, number)
        | Step::Leave(_, number)
        | Step::Key(number)
        | Step::NoKey(number)) = step
        else {
            return Ok(());
        };
        let Some(at) = self.who(*number) else { return Ok(()) };
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

    async fn create(&mut self, dialect: Dialect, name: &str, admin: bool) -> Result<(), String> {
        let password = self.next_password();
        let taken = self.people.iter().any(|person| match dialect {
            Dialect::Dandelion => folded(&person.name) == folded(name),
            // Kanboard searches for the name before and after trimming.
            Dialect::Kanboard => person.name == name || person.name == name.trim(),
            Dialect::OctoPrint | Dialect::RhodeCode => person.name == name,
        });
        let before = self.gateway.users().await;
        let answer = self.gateway.send(creation(dialect, name, &password, admin)).await;
        let after = self.gateway.users().await;
        let new: Vec<_> =
            after.iter().filter(|user| before.iter().all(|own| own.id != user.id)).collect();
        match (answer.class() == Class::Done, taken, new.as_slice()) {
            (true, false, [user]) => {
                if user.username != as_given(dialect, name) {
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
            // RhodeCode finds names that differ in case: `docs/dialects/names.md`.
            (false, _, []) if dialect == Dialect::RhodeCode && self.has_alike(name) => Ok(()),
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
        let may = match step {
            // A slash ends the name in a path: `fixtures/transcripts/octoprint/users-create-slash.json`.
            Step::Key(_)
            | Step::NoKey(_)
            | Step::Administrator(Dialect::OctoPrint, ..)
            | Step::Active(Dialect::OctoPrint, ..)
            | Step::Password(Dialect::OctoPrint, _)
            | Step::Delete(Dialect::OctoPrint, _)
                if person.name.contains('/') =>
            {
                true
            }
            Step::Rename(_, _, name) => !PLAIN.contains(name) || self.has_alike(name),
            Step::Join(..) => person.member,
            Step::Leave(..) => !person.member,
            Step::Create(..)
            | Step::Manager(_)
            | Step::Administrator(..)
            | Step::Active(..)
            | Step::Password(..)
            | Step::Delete(..)
            | Step::Key(_)
            | Step::NoKey(_) => false,
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
        if let Step::Delete(dialect, _) = step {
            return self.delete(*dialect, at).await;
        }
        let taken = |name: &str| {
            let mut others = self.people.iter().enumerate().filter(|(other, _)| *other != at);
            others.any(|(_, person)| person.name == name)
        };
        let person = &self.people[at];
        if let Step::Rename(dialect, _, name) = step
            && taken(as_given(*dialect, name))
        {
            return Err(format!("{} took the name {name:?} of another", person.name));
        }
        let person = &mut self.people[at];
        match step {
            Step::Rename(dialect, _, name) => person.name = as_given(*dialect, name).to_owned(),
            Step::Manager(_) => person.role = Role::Manager,
            Step::Administrator(_, _, true) => person.role = Role::Administrator,
            Step::Administrator(dialect, _, false) => {
                if person.role == Role::Administrator || *dialect == Dialect::Kanboard {
                    person.role = Role::User;
                }
            }
            Step::Active(_, _, on) => person.active = *on,
            Step::Password(..) => person.password = password,
            Step::Join(..) => person.member = true,
            Step::Leave(..) => person.member = false,
            Step::Key(_) | Step::NoKey(_) => {
                self.dead.extend(person.key.take());
                person.key = answer.json["apikey"].as_str().map(str::to_owned);
            }
            Step::Create(..) | Step::Delete(..) => {}
        }
        Ok(())
    }

    /// Dandelion reports that it has deleted an administrator, and does not delete it
    /// (`fixtures/transcripts/dandelion/delete-admin-user.json`). An exception depends on the id
    /// (`dandelion-user-two`).
    async fn delete(&mut self, dialect: Dialect, at: usize) -> Result<(), String> {
        let person = self.people[at].clone();
        let users = self.gateway.users().await;
        let there = users.iter().any(|user| user.username == person.name);
        let spared = dialect == Dialect::Dandelion && person.role == Role::Administrator;
        if there && !spared {
            return Err(format!("{} is still there", person.name));
        }
        if !there {
            self.dead.extend(person.key);
            self.people.remove(at);
        }
        Ok(())
    }
}

/// The name that a dialect stores for a requested name. Kanboard trims it.
fn as_given(dialect: Dialect, name: &str) -> &str {
    if dialect == Dialect::Kanboard { name.trim() } else { name }
}
