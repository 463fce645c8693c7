//! Whatever comes in through whichever front, all four show the same people.
//!
//! Random steps are taken through all four fronts over one store, and beside it a model; after each
//! step all four must show what the model holds. A sequence that fails is made as short as it can
//! be, and kept in `fixtures/consistency-regressions.txt`, from where it is tried again first.

mod model;
mod names;
mod steps;
mod views;

use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestError, TestRunner};
use serde_json::{Value, json};

use crate::bench::House;
use crate::block_on;
use model::Model;

/// Sequences, and the most steps of one: half a minute on a busy machine.
const CASES: u32 = 40;
const STEPS: usize = 14;
const SEED: RngSeed = RngSeed::Fixed(7);
/// The credential of whoever takes the steps.
const KEY: &str = "0123456789abcdef0123456789abcdef";
const LOGIN: &str = "jsonrpc:0123456789abcdef0123456789abcdef";

/// The fronts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Kanboard,
    OctoPrint,
    RhodeCode,
    Dandelion,
}

/// What is done through a front; a person is pointed at by a number, among those who are there.
#[derive(Clone, Debug)]
enum Step {
    Create(Front, &'static str, bool),
    Rename(Front, usize, &'static str),
    Manager(usize),
    Administrator(Front, usize, bool),
    Active(Front, usize, bool),
    Password(Front, usize),
    Delete(Front, usize),
    Join(Front, usize),
    Leave(Front, usize),
    Key(usize),
    NoKey(usize),
}

pub(crate) fn trials() -> Vec<Trial> {
    let random = trial("consistency::random-steps-through-all-fronts", random_steps);
    let kept = trial("consistency::steps-that-once-failed", kept_steps);
    names::trials().into_iter().chain([kept, random]).collect()
}

fn accounts() -> Value {
    let key = |dialect: &str| json!({"dialect": dialect, "value": KEY});
    json!({
        "users": [{"username": "root", "admin": true, "email": "root@example.org",
            "keys": [key("octoprint"), key("rhodecode"), key("dandelion")]}],
        "application_keys": [key("kanboard")],
    })
}

fn front() -> impl Strategy<Value = Front> {
    prop::sample::select(vec![
        Front::Kanboard,
        Front::OctoPrint,
        Front::RhodeCode,
        Front::Dandelion,
    ])
}

/// The fronts that know what the others have no word for: a rename, a team.
fn either() -> impl Strategy<Value = Front> {
    prop::sample::select(vec![Front::Kanboard, Front::RhodeCode])
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(names::NAMES.to_vec());
    let who = || 0_usize..8;
    let sets = prop::sample::select(vec![Front::OctoPrint, Front::RhodeCode, Front::Dandelion]);
    prop_oneof![
        6 => (front(), name(), any::<bool>()).prop_map(|(f, n, a)| Step::Create(f, n, a)),
        3 => (either(), who(), name()).prop_map(|(f, w, n)| Step::Rename(f, w, n)),
        1 => who().prop_map(Step::Manager),
        2 => (front(), who(), any::<bool>()).prop_map(|(f, w, a)| Step::Administrator(f, w, a)),
        2 => (front(), who(), any::<bool>()).prop_map(|(f, w, a)| Step::Active(f, w, a)),
        1 => (sets, who()).prop_map(|(f, w)| Step::Password(f, w)),
        2 => (front(), who()).prop_map(|(f, w)| Step::Delete(f, w)),
        1 => (either(), who()).prop_map(|(f, w)| Step::Join(f, w)),
        1 => (either(), who()).prop_map(|(f, w)| Step::Leave(f, w)),
        2 => who().prop_map(Step::Key),
        1 => who().prop_map(Step::NoKey),
    ]
}

/// Sequences that once failed.
fn kept_steps() -> Result<(), Failed> {
    let house = block_on(async { House::of(&accounts()).await.after(vec![names::team()]).await });
    let create = |front, name| Step::Create(front, name, false);
    let sequences = [
        // Kanboard refuses a name that is taken before it is trimmed.
        vec![create(Front::Dandelion, "anna "), create(Front::Kanboard, "anna ")],
        // It takes a name that is free both before and after.
        vec![create(Front::Dandelion, " anna"), create(Front::Kanboard, "anna ")],
        vec![create(Front::Dandelion, "anna"), create(Front::Kanboard, " anna")],
        vec![
            create(Front::Dandelion, "anna "),
            create(Front::Kanboard, "bob"),
            Step::Rename(Front::Kanboard, 1, "anna "),
            Step::Rename(Front::Kanboard, 0, "anna "),
        ],
    ];
    for steps in sequences {
        block_on(taken(&house, &steps)).map_err(|why| format!("{why}\nafter {steps:#?}"))?;
    }
    Ok(())
}

/// Fixed steps in `./test`, so that it answers the same each time. `PROPTEST_RNG_SEED=N` takes
/// others, and `PROPTEST_CASES=N` more.
fn random_steps() -> Result<(), Failed> {
    let house = block_on(async { House::of(&accounts()).await.after(vec![names::team()]).await });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/consistency-regressions.txt");
    let config = Config {
        max_shrink_iters: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        source_file: Some(file!()),
        ..chosen(Config::default())
    };
    let mut runner = TestRunner::new(config);
    let tried = runner.run(&prop::collection::vec(step(), 1..STEPS), |steps| {
        block_on(taken(&house, &steps)).map_err(TestCaseError::fail)
    });
    match tried {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, steps)) => Err(format!("{why}\nafter {steps:#?}").into()),
        Err(aborted) => Err(aborted.to_string().into()),
    }
}

/// What the environment does not choose is fixed.
fn chosen(asked: Config) -> Config {
    let is_set = |name| std::env::var_os(name).is_some();
    Config {
        cases: if is_set("PROPTEST_CASES") { asked.cases } else { CASES },
        rng_seed: if is_set("PROPTEST_RNG_SEED") { asked.rng_seed } else { SEED },
        ..asked
    }
}

async fn taken(house: &House, steps: &[Step]) -> Result<(), String> {
    let mut model = Model::of(house.open().await).await;
    for step in steps {
        model.take(step).await.map_err(|why| format!("{step:?}: {why}"))?;
        model.compare().await.map_err(|why| format!("after {step:?}: {why}"))?;
    }
    model.everybody_is_themselves().await
}
