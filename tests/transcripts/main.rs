//! One trial for each recorded scenario. `kanboard::create-user` plays
//! `fixtures/transcripts/kanboard/create-user.json` against the built gateway, with a fresh store
//! that has the accounts of the real server, and with the most verbose log.
//!
//! A trial fails if an answer differs from the recorded one, or, for a deliberate deviation, from
//! the one in `fixtures/deviations.toml`. It also fails if `fixtures/known-differences.toml` lists
//! an exchange that matches, or if the log shows a secret of the scenario.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use isogloss_testkit::ledger::{Ledger, document};
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::suite::{self, trial};
use isogloss_testkit::test_server::TestServer;
use isogloss_testkit::transcript::{Recording, index, load};
use libtest_mimic::{Failed, Trial};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");

fn main() -> ExitCode {
    match trials() {
        Ok(trials) => suite::run("transcripts", trials),
        Err(error) => {
            eprintln!("the fixtures are not in order: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> anyhow::Result<Vec<Trial>> {
    let root = transcripts();
    let ledger = Arc::new(Ledger::load(&fixtures())?);
    let profiles = Arc::new(Profiles::load(&fixtures())?);
    let mut trials = Vec::new();
    for recording in index(&root)? {
        let (ledger, profiles) = (Arc::clone(&ledger), Arc::clone(&profiles));
        let name = recording.heading.name.clone();
        trials.push(trial(name, move || scenario(&ledger, &profiles, &recording)));
    }
    let whole = Arc::clone(&ledger);
    trials.push(trial("ledger::names-what-is-there", move || dangling(&whole)));
    trials.push(trial("ledger::deviations-document-is-current", move || current(&ledger)));
    Ok(trials)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("fixtures")
}

fn transcripts() -> PathBuf {
    fixtures().join("transcripts")
}

fn scenario(ledger: &Ledger, profiles: &Profiles, recording: &Recording) -> Result<(), Failed> {
    let transcript = recording.transcript().map_err(failed)?;
    let setup = profiles.setup(&recording.heading).map_err(failed)?;
    let program = Path::new(PROGRAM);
    let mut server = TestServer::start(program, &fixtures(), transcript, setup).map_err(failed)?;
    let played = server.play(transcript, &ledger.deviations).map_err(failed)?;
    let leaks = server.leaks(transcript).map_err(failed)?;
    if !leaks.is_empty() {
        return Err(format!("the log shows secrets:\n{}", leaks.join("\n")).into());
    }
    if server.log_length().map_err(failed)? < played.len() {
        return Err("the log is as good as empty: nothing shows that it keeps secrets".into());
    }
    Ok(ledger.verdict(transcript, &played)?)
}

fn dangling(ledger: &Ledger) -> Result<(), Failed> {
    let dangling = ledger.dangling(&load(&transcripts()).map_err(failed)?);
    if dangling.is_empty() { Ok(()) } else { Err(dangling.join("\n").into()) }
}

fn current(ledger: &Ledger) -> Result<(), Failed> {
    let kept = std::fs::read_to_string(root().join("docs/deviations.md"))?;
    if kept == document(&ledger.deviations) {
        return Ok(());
    }
    Err("docs/deviations.md is stale: run `cargo run -p isogloss-testkit --bin deviations > docs/deviations.md`".into())
}

#[allow(clippy::needless_pass_by_value, reason = "it stands where a conversion does")]
fn failed(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}
