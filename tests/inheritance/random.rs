//! Random changes in the system, with a fixed seed. One record must never stand for two people.

use std::collections::HashMap;

use isogloss_canonical::role::Role;
use isogloss_canonical::user::{UserId, UserRef};
use isogloss_testkit::suite::trial;
use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::block_on;
use crate::system::{KINDS, Kind};
use crate::test_sidecar::TestSidecar;

const SEED: RngSeed = RngSeed::Fixed(7);
const CASES: u32 = 12;
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// One change, or one read.
#[derive(Clone, Debug)]
enum Step {
    Add(usize),
    Remove(usize),
    Recreate(usize),
    Swap(usize, usize),
    Rename(usize, usize),
    Password(usize),
    Get(usize),
    Create(usize),
    List,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = 0..NAMES.len();
    let step = prop_oneof![
        name.clone().prop_map(Step::Add),
        name.clone().prop_map(Step::Remove),
        name.clone().prop_map(Step::Recreate),
        (name.clone(), name.clone()).prop_map(|(one, other)| Step::Swap(one, other)),
        (name.clone(), name.clone()).prop_map(|(one, other)| Step::Rename(one, other)),
        name.clone().prop_map(Step::Password),
        name.clone().prop_map(Step::Get),
        name.prop_map(Step::Create),
        Just(Step::List),
    ];
    proptest::collection::vec(step, 1..24)
}

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |kind: Kind| {
        trial(format!("{}::random-changes", kind.name), move || {
            let config = chosen(Config { failure_persistence: None, ..Config::default() });
            TestRunner::new(config)
                .run(&steps(), |steps| {
                    block_on(play(kind, &steps));
                    Ok(())
                })
                .map_err(|error| error.to_string().into())
        })
    };
    KINDS.into_iter().map(trial).collect()
}

/// Sets fixed values where the environment gives none: `./test` tries the same sequences each time,
/// `scripts/explore` new ones.
fn chosen(asked: Config) -> Config {
    let is_set = |name| std::env::var_os(name).is_some();
    Config {
        cases: if is_set("PROPTEST_CASES") { asked.cases } else { CASES },
        rng_seed: if is_set("PROPTEST_RNG_SEED") { asked.rng_seed } else { SEED },
        ..asked
    }
}

async fn play(kind: Kind, steps: &[Step]) {
    let tested = TestSidecar::open(kind).await;
    let mut known: HashMap<UserId, u64> = HashMap::new();
    for step in steps {
        change(&tested, step).await;
        // The same id and name without a seen absence is the same person, so the read shows the
        // absence first.
        for user in tested.list().await {
            let truth = tested.system.truth(&user.username).unwrap();
            let first = *known.entry(user.id).or_insert(truth);
            assert_eq!(first, truth, "{step:?}: {} has somebody else's record", user.username);
        }
    }
    tested.close().await;
}

async fn change(tested: &TestSidecar, step: &Step) {
    let system = &tested.system;
    let there = |name: usize| system.names().iter().any(|own| own == NAMES[name]);
    match *step {
        Step::Add(name) if !there(name) => drop(system.add(NAMES[name], Role::User)),
        Step::Remove(name) if there(name) => drop(system.remove(NAMES[name])),
        Step::Recreate(name) if there(name) => {
            system.remove(NAMES[name]);
            tested.get(UserRef::Name(NAMES[name].to_owned())).await.unwrap_err();
            system.add(NAMES[name], Role::User);
        }
        Step::Swap(one, other) if tested.kind.numbered && there(one) && there(other) => {
            system.rename_all(&[(NAMES[one], NAMES[other]), (NAMES[other], NAMES[one])]);
        }
        Step::Rename(from, to) if tested.kind.numbered && there(from) && !there(to) => {
            system.rename_all(&[(NAMES[from], NAMES[to])]);
        }
        Step::Password(name) if there(name) => {
            system.edit(NAMES[name], |row| row.secret = format!("{}x", row.secret));
        }
        Step::Get(name) => {
            let found = tested.get(UserRef::Name(NAMES[name].to_owned())).await;
            assert_eq!(found.is_ok(), there(name), "{found:?}");
        }
        Step::Create(name) if !there(name) => drop(tested.create(NAMES[name]).await),
        // The step does not apply to this kind of system, or to the users who exist now.
        Step::Add(_)
        | Step::Remove(_)
        | Step::Recreate(_)
        | Step::Swap(..)
        | Step::Rename(..)
        | Step::Password(_)
        | Step::Create(_)
        | Step::List => {}
    }
}
