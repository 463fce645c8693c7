//! All four dialects show the same users, whichever dialect made a change.
//!
//! The test makes random steps through all four dialects on one store, and the same steps in a
//! model. After each step, each dialect must show what the model has. A sequence that fails is
//! shortened and written to `fixtures/consistency-regressions.txt`. The next run tries it first.

mod model;
mod names;
mod steps;
mod views;

use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestError, TestRunner};
use serde_json::{Value, json};

use crate::block_on;
use crate::gateway::PreparedStore;
use model::Model;

/// The number of sequences, and the most steps of a sequence. Together they take half a minute on a
/// busy machine.
const CASES: u32 = 40;
const STEPS: usize = 14;
const SEED: RngSeed = RngSeed::Fixed(7);
/// The credential of the caller of the steps.
const KEY: &str = "0123456789abcdef0123456789abcdef";
const LOGIN: &str = "jsonrpc:0123456789abcdef0123456789abcdef";

/// The dialect of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Kanboard,
    OctoPrint,
    RhodeCode,
    Dandelion,
}

/// A step through a dialect. A number selects one of the users who exist.
#[derive(Clone, Debug)]
enum Step {
    Create(Dialect, &'static str, bool),
    Rename(Dialect, usize, &'static str),
    Manager(usize),
    Administrator(Dialect, usize, bool),
    Active(Dialect, usize, bool),
    Password(Dialect, usize),
    Delete(Dialect, usize),
    Join(Dialect, usize),
    Leave(Dialect, usize),
    Key(usize),
    NoKey(usize),
}

pub(crate) fn trials() -> Vec<Trial> {
    let random = trial("consistency::random-steps-through-all-dialects", random_steps);
    let kept = trial("consistency::steps-that-once-failed", earlier_failures);
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

fn any_dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![
        Dialect::Kanboard,
        Dialect::OctoPrint,
        Dialect::RhodeCode,
        Dialect::Dandelion,
    ])
}

/// The dialects that can rename a user and that have teams.
fn has_renames_and_teams() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![Dialect::Kanboard, Dialect::RhodeCode])
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(names::NAMES.to_vec());
    let who = || 0_usize..8;
    let sets =
        prop::sample::select(vec![Dialect::OctoPrint, Dialect::RhodeCode, Dialect::Dandelion]);
    prop_oneof![
        6 => (any_dialect(), name(), any::<bool>()).prop_map(|(f, n, a)| Step::Create(f, n, a)),
        3 => (has_renames_and_teams(), who(), name()).prop_map(|(f, w, n)| Step::Rename(f, w, n)),
        1 => who().prop_map(Step::Manager),
        2 => (any_dialect(), who(), any::<bool>()).prop_map(|(f, w, a)| Step::Administrator(f, w, a)),
        2 => (any_dialect(), who(), any::<bool>()).prop_map(|(f, w, a)| Step::Active(f, w, a)),
        1 => (sets, who()).prop_map(|(f, w)| Step::Password(f, w)),
        2 => (any_dialect(), who()).prop_map(|(f, w)| Step::Delete(f, w)),
        1 => (has_renames_and_teams(), who()).prop_map(|(f, w)| Step::Join(f, w)),
        1 => (has_renames_and_teams(), who()).prop_map(|(f, w)| Step::Leave(f, w)),
        2 => who().prop_map(Step::Key),
        1 => who().prop_map(Step::NoKey),
    ]
}

/// Runs the sequences that failed in an earlier version.
fn earlier_failures() -> Result<(), Failed> {
    let prepared =
        block_on(async { PreparedStore::of(&accounts()).await.after(vec![names::team()]).await });
    let create = |dialect, name| Step::Create(dialect, name, false);
    let sequences = [
        // Kanboard refuses a name that exists in the form before trimming.
        vec![create(Dialect::Dandelion, "anna "), create(Dialect::Kanboard, "anna ")],
        // It accepts a name that does not exist before or after trimming.
        vec![create(Dialect::Dandelion, " anna"), create(Dialect::Kanboard, "anna ")],
        vec![create(Dialect::Dandelion, "anna"), create(Dialect::Kanboard, " anna")],
        vec![
            create(Dialect::Dandelion, "anna "),
            create(Dialect::Kanboard, "bob"),
            Step::Rename(Dialect::Kanboard, 1, "anna "),
            Step::Rename(Dialect::Kanboard, 0, "anna "),
        ],
    ];
    for steps in sequences {
        block_on(taken(&prepared, &steps)).map_err(|why| format!("{why}\nafter {steps:#?}"))?;
    }
    Ok(())
}

/// The seed is fixed, so that `./test` gives the same result each time. `PROPTEST_RNG_SEED=N`
/// changes the seed, and `PROPTEST_CASES=N` the number of sequences.
fn random_steps() -> Result<(), Failed> {
    let prepared =
        block_on(async { PreparedStore::of(&accounts()).await.after(vec![names::team()]).await });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/consistency-regressions.txt");
    let config = Config {
        max_shrink_iters: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        source_file: Some(file!()),
        ..chosen(Config::default())
    };
    let mut runner = TestRunner::new(config);
    let tried = runner.run(&prop::collection::vec(step(), 1..STEPS), |steps| {
        block_on(taken(&prepared, &steps)).map_err(TestCaseError::fail)
    });
    match tried {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, steps)) => Err(format!("{why}\nafter {steps:#?}").into()),
        Err(aborted) => Err(aborted.to_string().into()),
    }
}

/// Sets fixed values where the environment gives none.
fn chosen(asked: Config) -> Config {
    let is_set = |name| std::env::var_os(name).is_some();
    Config {
        cases: if is_set("PROPTEST_CASES") { asked.cases } else { CASES },
        rng_seed: if is_set("PROPTEST_RNG_SEED") { asked.rng_seed } else { SEED },
        ..asked
    }
}

async fn taken(prepared: &PreparedStore, steps: &[Step]) -> Result<(), String> {
    let mut model = Model::of(prepared.open().await).await;
    for step in steps {
        model.take(step).await.map_err(|why| format!("{step:?}: {why}"))?;
        model.compare().await.map_err(|why| format!("after {step:?}: {why}"))?;
    }
    model.everybody_is_themselves().await
}
