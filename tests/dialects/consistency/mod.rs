//! All dialects show the same users, whichever dialect made a change.
//!
//! The test makes random steps through all dialects on one store, and the same steps in a
//! model. After each step, each dialect must show what the model has. A sequence that fails is
//! shortened and written to `fixtures/consistency-regressions.txt`. The next run tries it first.

mod model;
mod names;
mod steps;
mod views;

use std::fmt;
use std::ops::Deref;

use isogloss_testkit::calls::Calls;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestError, TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gateway::PreparedStore;
use crate::sessions::KEY;
use crate::{block_on, calls, fixtures};
use model::Model;

/// The number of sequences, and the most steps of a sequence. Together they take half a minute on a
/// busy machine.
const CASES: u32 = 40;
const STEPS: usize = 14;
const SEED: RngSeed = RngSeed::Fixed(7);

/// The dialect of a step.
#[derive(Clone, Copy)]
struct Front(&'static Calls);

impl Deref for Front {
    type Target = Calls;

    fn deref(&self) -> &Calls {
        self.0
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dialect)
    }
}

/// A step through a dialect. A number selects one of the users who exist.
#[derive(Clone, Debug)]
enum Step {
    /// Creates an administrator or a user.
    Create(Front, String, bool),
    Rename(Front, usize, String),
    /// Any other call about a user, by its name in `[calls]`.
    Change(Front, &'static str, usize),
}

pub(crate) fn trials() -> Vec<Trial> {
    let random = trial("consistency::random-steps-through-all-dialects", random_steps);
    let kept = trial("consistency::steps-that-once-failed", earlier_failures);
    names::trials().into_iter().chain([kept, random]).collect()
}

/// The caller of the steps: one administrator, with a key in every dialect that has keys of users.
fn accounts() -> Value {
    let mut accounts = crate::sessions::accounts();
    let keys = accounts["users"][0]["keys"].take();
    accounts["users"] =
        json!([{"username": "root", "admin": true, "email": "root@example.org", "keys": keys}]);
    accounts
}

/// The dialects that have a call.
fn fronts(call: &'static str) -> Vec<Front> {
    calls::all().iter().filter(|calls| calls.call(call).is_some()).map(Front).collect()
}

fn any_front(call: &'static str) -> impl Strategy<Value = Front> {
    prop::sample::select(fronts(call))
}

/// A change, by one of the dialects that can make it.
fn change(call: &'static str) -> impl Strategy<Value = Step> {
    (any_front(call), 0_usize..8).prop_map(move |(front, who)| Step::Change(front, call, who))
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(names::NAMES.to_vec()).prop_map(str::to_owned);
    prop_oneof![
        6 => (any_front("create"), name(), any::<bool>())
            .prop_map(|(front, name, administrator)| Step::Create(front, name, administrator)),
        3 => (any_front("rename"), 0_usize..8, name())
            .prop_map(|(front, who, name)| Step::Rename(front, who, name)),
        1 => change("manager"),
        1 => change("administrator"),
        1 => change("no_administrator"),
        1 => change("activate"),
        1 => change("deactivate"),
        1 => change("set_password"),
        2 => change("delete"),
        1 => change("join"),
        1 => change("leave"),
        2 => change("issue_key"),
        1 => change("revoke_key"),
    ]
}

/// A step of `fixtures/consistency.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    by: String,
    create: Option<String>,
    rename: Option<(usize, String)>,
}

/// Steps that failed in an earlier version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sequence {
    #[serde(rename = "because")]
    _because: String,
    steps: Vec<Kept>,
}

impl From<Kept> for Step {
    fn from(kept: Kept) -> Self {
        let front = Front(calls::of(&kept.by));
        match kept.rename {
            Some((who, name)) => Self::Rename(front, who, name),
            None => Self::Create(front, kept.create.unwrap(), false),
        }
    }
}

/// Runs the sequences that failed in an earlier version.
fn earlier_failures() -> Result<(), Failed> {
    let prepared =
        block_on(async { PreparedStore::of(&accounts()).await.after(vec![names::team()]).await });
    let text = std::fs::read_to_string(fixtures("consistency.toml"))?;
    let mut table: std::collections::BTreeMap<String, Vec<Sequence>> = toml::from_str(&text)?;
    for sequence in table.remove("sequence").unwrap() {
        let steps: Vec<Step> = sequence.steps.into_iter().map(Step::from).collect();
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
