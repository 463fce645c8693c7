//! One suite of the canonical commands, run on every backend: the store, and each version of each
//! remote system with its sidecar. A second gateway with the system's dialect plays the system. The
//! suite also runs with a real server of each system that a package registry has, and with fakes that
//! keep state as real servers do.
//!
//! No backend can be skipped. A declared capability that no case uses fails the run.
//! `ISOGLOSS_TEST_KANBOARD_URL` and `ISOGLOSS_TEST_KANBOARD_SECRET` (the same for the other
//! systems) select a live test server instead. This needs `--test-threads 1`: the users of the
//! cases are deleted on the server before each case.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod dandelion;
mod fixture;
mod groups;
mod kanboard;
mod keys;
mod passwords;
mod people;
mod real;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use isogloss::registry;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::verb::Verb;
use isogloss_canonical::version::VersionInfo;
use isogloss_testkit::suite::{self, trial};
use libtest_mimic::Failed;

use crate::dandelion::fake;
use crate::fixture::{Fixture, System};

/// One case: the verbs it needs, and what it does.
struct Case {
    name: &'static str,
    verbs: &'static [Verb],
    run: for<'a> fn(&'a TestBackend) -> LocalBoxFuture<'a, ()>,
}

/// Runs a case with a fake.
type RunsCase = fn(&Case) -> Result<(), Failed>;

/// The backend under test.
struct TestBackend {
    system: String,
    backend: Arc<dyn Backend>,
    fixture: Fixture,
}

impl TestBackend {
    /// Runs a command on the backend. The kind of the answer must be that of the table of verbs.
    /// Every verb that a backend declares is used here.
    async fn ask(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        self.backend.capability().check(verb)?;
        let outcome = self.backend.execute(command).await?;
        assert!(outcome.is_answer_of(verb), "{verb} is answered with {outcome:?}");
        Ok(outcome)
    }

    async fn done(&self, command: Command) -> Outcome {
        let verb = command.verb();
        self.ask(command).await.unwrap_or_else(|fault| panic!("{verb}: {fault:?}"))
    }

    async fn fails(&self, command: Command, kind: FaultKind, subject: Option<Subject>) {
        let verb = command.verb();
        let fault = self.ask(command).await.expect_err("it should have failed");
        assert_eq!((fault.kind, fault.subject), (kind, subject), "{verb}: {fault:?}");
    }
}

fn cases() -> Vec<Case> {
    [people::CASES, passwords::CASES, keys::CASES, groups::CASES].concat_cases()
}

/// Joins the lists of the modules.
trait Concat {
    fn concat_cases(self) -> Vec<Case>;
}

impl<const N: usize> Concat for [&'static [Case]; N] {
    fn concat_cases(self) -> Vec<Case> {
        let copy = |case: &Case| Case { name: case.name, verbs: case.verbs, run: case.run };
        self.iter().flat_map(|cases| cases.iter().map(copy)).collect()
    }
}

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for backend in backends() {
        let prefix = backend.to_string();
        for case in cases() {
            trials.push(trial(format!("{prefix}::{}", case.name), move || run(backend, &case)));
        }
        let name = format!("{prefix}::every-capability-is-exercised");
        trials.push(trial(name, move || exercised(backend)));
    }
    let fakes: [(System, RunsCase); 2] =
        [(dandelion::system(), dandelion::run), (kanboard::system(), kanboard::run)];
    for (system, run) in fakes {
        for case in cases() {
            trials.push(trial(format!("{system}-fake::{}", case.name), move || run(&case)));
        }
    }
    for system in real::systems() {
        trials
            .push(trial(format!("{system}-itself::every-case"), move || real::every_case(system)));
    }
    suite::run("behaviour", trials)
}

/// The store, and every version of every system.
fn backends() -> Vec<System> {
    let versions = registry::SYSTEMS.backends().flat_map(|(adapter, _)| {
        let of = |version: &VersionInfo| System { name: adapter.name, version: Some(version.name) };
        let default = System { name: adapter.name, version: None };
        [default].into_iter().chain(adapter.versions.iter().skip(1).map(of))
    });
    versions.collect()
}

fn run(backend: System, case: &Case) -> Result<(), Failed> {
    block_on(async {
        let tested = Fixture::backend(backend).await.map_err(|error| format!("{error:#}"))?;
        play(&tested, case).await;
        tested.fixture.close().await;
        Ok(())
    })
}

async fn play(tested: &TestBackend, case: &Case) {
    let able = tested.backend.capability();
    match case.verbs.iter().find(|verb| !able.has(**verb)) {
        // A verb that a backend does not declare must be refused as unsupported. The capability
        // refuses it before the backend gets the command.
        Some(verb) => assert_eq!(able.check(*verb).unwrap_err().kind, FaultKind::Unsupported),
        None => (case.run)(tested).await,
    }
}

fn exercised(backend: System) -> Result<(), Failed> {
    block_on(async {
        let tested = Fixture::backend(backend).await.map_err(|error| format!("{error:#}"))?;
        let able = tested.backend.capability().clone();
        let run: BTreeSet<Verb> = cases()
            .iter()
            .filter(|case| case.verbs.iter().all(|verb| able.has(*verb)))
            .flat_map(|case| case.verbs.iter().copied())
            .collect();
        // `tests/directory` tests the verb of the directory with a real one.
        let declared = able.verbs().filter(|verb| *verb != Verb::CreateFromDirectory);
        let missed: Vec<_> = declared.filter(|verb| !run.contains(verb)).collect();
        tested.fixture.close().await;
        if missed.is_empty() { Ok(()) } else { Err(format!("not exercised: {missed:?}").into()) }
    })
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}
