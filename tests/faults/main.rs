//! A system that fails while a call is made: every dialect, every call of its clients, every fault.
//!
//! A proxy between the gateway and the system makes the fault. While it lasts, an answer is the dialect's
//! error for an outage, and never absence or a refusal. What is answered as done is done. Afterwards every
//! dialect shows what the system has, and everybody still has the same ids.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod expected;
mod proxy;
mod scene;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::thread;

use isogloss::registry;
use isogloss_testkit::calls::answers::{Class, Shown};
use isogloss_testkit::suite::{self, trial};
use libtest_mimic::{Failed, Trial};

use crate::proxy::{Fault, Scope};
use crate::scene::{Case, Heard, Scene};

/// Words that report absence.
const ABSENCE: [&str; 4] = ["not found", "does not exist", "no such", "unknown"];

fn main() -> ExitCode {
    let systems = registry::remotes().map(|(adapter, _)| adapter.name);
    let everything = Fault::OF_EVERYTHING.map(|fault| (fault, Scope::Everything));
    let writes = Fault::ALL.map(|fault| (fault, Scope::Writes));
    let faults: Vec<_> = everything.into_iter().chain(writes).collect();
    let trials = systems.flat_map(|system| {
        faults.iter().copied().map(move |(fault, scope)| {
            let name = format!("{system}::{scope:?}::{}", fault.name()).to_lowercase();
            trial(name, move || told_as_it_is(system, fault, scope))
        })
    });
    suite::run("faults", trials.collect::<Vec<Trial>>())
}

fn told_as_it_is(system: &'static str, fault: Fault, scope: Scope) -> Result<(), Failed> {
    let scene = Scene::start(system);
    let before = scene.everybody();
    scene.proxy.fail(fault, scope);
    let heard: Vec<(Case, Heard)> = thread::scope(|scope| {
        let send = |case: Case| {
            let scene = &scene;
            scope.spawn(move || (case, scene.send(case)))
        };
        let all: Vec<_> = scene::all_cases().map(send).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    scene.proxy.mend();
    let after = scene.everybody();
    let mut wrong: Vec<String> = heard
        .iter()
        .filter_map(|(case, heard)| misreported(&scene, *case, heard, &after))
        .collect();
    wrong.extend(moved(&before, &after));
    let outages = heard.iter().filter(|(case, heard)| is_outage(*case, heard)).count();
    eprintln!("{system}, {scope:?}, {}: {} calls, {outages} outages", fault.name(), heard.len());
    // Every call proves its caller, and about half of them write in the system.
    let least = if scope == Scope::Everything { heard.len() } else { heard.len() / 3 };
    if outages < least {
        wrong.push(format!("only {outages} calls met the fault"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn is_outage(case: Case, Heard { status, text, json }: &Heard) -> bool {
    case.calls.answers.is_outage(*status, text, json)
}

/// What is wrong with an answer.
fn misreported(
    scene: &Scene,
    case: Case,
    heard: &Heard,
    after: &BTreeMap<String, Vec<Shown>>,
) -> Option<String> {
    let Heard { status, text, json } = heard;
    let answers = &case.calls.answers;
    let told = |what: &str| {
        let text: String = text.chars().take(200).collect();
        Some(format!("{} {}: {what}: {status} {text}", case.calls.dialect, case.name))
    };
    match answers.class(*status, text, json) {
        Class::Refused => told("refused"),
        Class::Done => match expected::missing(case, json, &after[&case.calls.dialect]) {
            Some(missing) => told(&format!("done, but {missing}")),
            None => None,
        },
        Class::Failed if !answers.is_outage(*status, text, json) => {
            // The system cannot do everything. Such a call fails alike without the fault.
            let again = scene.send(case);
            let is_outage = (again.status, &again.text) != (*status, text);
            is_outage.then(|| told("no error of an outage")).flatten()
        }
        Class::Failed => {
            let text = text.to_lowercase();
            ABSENCE.iter().any(|words| text.contains(words)).then(|| told("absence")).flatten()
        }
    }
}

/// Everybody keeps the ids, and every dialect shows the same people.
fn moved(
    before: &BTreeMap<String, Vec<Shown>>,
    after: &BTreeMap<String, Vec<Shown>>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (dialect, people) in before {
        for person in people {
            let same_id = |one: &&Shown| one.id == person.id && person.id.is_some();
            let now = after[dialect].iter().find(same_id);
            if now.is_some_and(|now| now.name != person.name && !scene::is_renamed(&now.name)) {
                wrong.push(format!("{dialect}: the id of {} is {now:?}'s", person.name));
            }
        }
    }
    let names = |people: &[Shown]| -> std::collections::BTreeSet<String> {
        people.iter().map(|one| one.name.clone()).collect()
    };
    let mut lists = after.iter().map(|(dialect, people)| (dialect, names(people)));
    let first = lists.next().unwrap();
    for (dialect, list) in lists.filter(|(_, list)| *list != first.1) {
        let differ: Vec<_> = list.symmetric_difference(&first.1).collect();
        wrong.push(format!("{} and {dialect} differ: {differ:?}", first.0));
    }
    wrong
}
