//! Compares what all dialects show with the model.

use std::collections::BTreeSet;

use isogloss_canonical::role::Role;
use isogloss_canonical::user::folded;
use isogloss_testkit::calls::answers::{People, Shown};
use isogloss_testkit::calls::{Caller, Calls, Names};
use isogloss_testkit::variables::Variables;
use serde_json::{Value, json};

use super::model::{Model, Person};
use super::{Front, fronts};
use crate::browser::signed_in;
use crate::calls;

fn same(what: &str, one: &[Shown], other: &[Shown]) -> Result<(), String> {
    let texts = |list: &[Shown]| -> BTreeSet<String> {
        list.iter().map(|shown| format!("{shown:?}")).collect()
    };
    let (one, other) = (texts(one), texts(other));
    if one == other {
        return Ok(());
    }
    let differ: Vec<_> = one.symmetric_difference(&other).collect();
    Err(format!("{what} differs: {differ:?}"))
}

/// A user as a list of a dialect must show it.
fn expected(calls: &Calls, list: &People, person: &Person) -> Shown {
    Shown {
        id: list.id.as_ref().map(|_| person.id(calls).to_owned()),
        name: person.name.clone(),
        administrator: !list.shows_role() || person.role == Role::Administrator,
        active: !list.shows_state() || person.active,
        manager: list.shows_managers().then_some(person.role == Role::Manager),
        key: list.key.as_ref().map(|_| json!(person.keys.get(&calls.dialect))),
    }
}

impl Model {
    /// All dialects must show the users of the model.
    pub(super) async fn compare(&self) -> Result<(), String> {
        for front in fronts("list") {
            let listed = self.gateway.send(super::steps::general(front, "list")).await;
            let listed = front.people.of(&listed.json).ok_or(listed.text)?;
            let people = self.people.iter();
            let expected: Vec<_> =
                people.map(|person| expected(&front, &front.people, person)).collect();
            same(&front.dialect, &expected, &listed)?;
            self.compare_members(front).await?;
        }
        self.compare_keys().await
    }

    async fn compare_members(&self, front: Front) -> Result<(), String> {
        let Some(members) = &front.members else { return Ok(()) };
        let listed = self.gateway.send(super::steps::general(front, "members_of_team")).await;
        let listed = members.of(&listed.json).ok_or(listed.text)?;
        let people = self.people.iter().filter(|person| person.member);
        let expected: Vec<_> = people.map(|person| expected(&front, members, person)).collect();
        same(&format!("{}'s members", front.dialect), &expected, &listed)
    }

    /// A key is valid for its owner, also after a rename. No other key is valid.
    async fn compare_keys(&self) -> Result<(), String> {
        let alive =
            self.people.iter().flat_map(|own| own.keys.iter().map(move |key| (key, Some(own))));
        let dead = self.dead.iter().map(|(dialect, key)| ((dialect, key), None));
        for ((dialect, key), owner) in alive.chain(dead) {
            let calls = calls::of(dialect);
            let sign_in = calls.sign_in.as_ref().unwrap();
            let caller = Caller { name: "", secret: key };
            let me = calls::request(calls, caller, &sign_in.me, &Variables::default());
            let who = self.gateway.send(me).await;
            let name = who.json.pointer(&sign_in.name).cloned().unwrap_or_default();
            let expected = owner.filter(|own| own.active).map(|own| own.name.clone());
            if name != json!(expected) {
                return Err(format!("a key of {expected:?} opens {}", who.text));
            }
        }
        Ok(())
    }

    /// A password signs in its owner in each dialect, and no other user.
    pub(super) async fn everybody_is_themselves(&self) -> Result<(), String> {
        for own in self.people.iter().filter(|own| !own.password.is_empty()) {
            for calls in calls::all().iter().filter(|calls| calls.sign_in.is_some()) {
                self.is_themselves(calls, own).await?;
            }
        }
        Ok(())
    }

    async fn is_themselves(&self, calls: &'static Calls, own: &Person) -> Result<(), String> {
        let mut spellings = vec![own.name.clone()];
        if calls.names == Names::Folded {
            spellings.extend([own.name.to_uppercase(), format!("{} ", own.name)]);
        }
        // Where the password is the secret of a call, the name of the application is no user's.
        let is_secret = calls.sign_in.as_ref().is_some_and(|sign_in| sign_in.steps.is_empty());
        let may = own.active && (!is_secret || calls.application.as_deref() != Some(&own.name));
        for name in spellings {
            let found = may && self.is_found(&name, own);
            let expected = if found { json!(own.name) } else { Value::Null };
            let shown = signed_in(&self.gateway, calls, (&name, &own.password)).await;
            if shown != expected {
                return Err(format!("at {} {own:?} as {name:?} is {shown}", calls.dialect));
            }
        }
        Ok(())
    }

    /// A name in another case is accepted if only one user matches.
    fn is_found(&self, name: &str, own: &Person) -> bool {
        let alike = self.people.iter().filter(|one| folded(&one.name) == folded(name)).count();
        match self.people.iter().find(|one| one.name == name) {
            Some(exact) => exact.name == own.name,
            None => alike == 1 && folded(name) == folded(&own.name),
        }
    }
}
