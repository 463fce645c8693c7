//! One trial a recorded scenario: `kanboard::create-user` plays
//! `fixtures/transcripts/kanboard/create-user.json` against the built gateway on a fresh store of
//! the accounts that the real server held, logging everything.
//!
//! A trial fails where an answer is not the recorded one (or, for a deliberate deviation, the one
//! asserted in `fixtures/deviations.toml`), where `fixtures/known-differences.toml` lists an
//! exchange that matches, and where the log shows a secret that the scenario used.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use isogloss_testkit::ledger::{Ledger, document};
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::scene::Scene;
use isogloss_testkit::transcript::{Transcript, load};
use libtest_mimic::{Arguments, Failed, Trial};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");

struct Evidence {
    profiles: Profiles,
    ledger: Ledger,
    transcripts: Vec<Transcript>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let evidence = match read() {
        Ok(evidence) => Arc::new(evidence),
        Err(error) => {
            eprintln!("the fixtures are not in order: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials: Vec<_> = evidence
        .transcripts
        .iter()
        .cloned()
        .map(|transcript| {
            let evidence = Arc::clone(&evidence);
            Trial::test(transcript.name.clone(), move || scenario(&evidence, &transcript))
        })
        .collect();
    let whole = Arc::clone(&evidence);
    trials.push(Trial::test("ledger::names-what-is-there", move || dangling(&whole)));
    trials.push(Trial::test("ledger::deviations-document-is-current", move || current(&evidence)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("fixtures")
}

fn read() -> anyhow::Result<Evidence> {
    let fixtures = fixtures();
    Ok(Evidence {
        profiles: Profiles::load(&fixtures)?,
        ledger: Ledger::load(&fixtures)?,
        transcripts: load(&fixtures.join("transcripts"))?,
    })
}

fn scenario(evidence: &Evidence, transcript: &Transcript) -> Result<(), Failed> {
    let setup = evidence.profiles.setup(transcript).map_err(failed)?;
    let mut scene = Scene::set(Path::new(PROGRAM), &fixtures(), setup).map_err(failed)?;
    let played = scene.play(transcript, &evidence.ledger.deviations).map_err(failed)?;
    let leaks = scene.leaks(transcript).map_err(failed)?;
    if !leaks.is_empty() {
        return Err(format!("the log shows secrets:\n{}", leaks.join("\n")).into());
    }
    if scene.log_length().map_err(failed)? < played.len() {
        return Err("the log is as good as empty: nothing shows that it keeps secrets".into());
    }
    Ok(evidence.ledger.verdict(transcript, &played)?)
}

fn dangling(evidence: &Evidence) -> Result<(), Failed> {
    let dangling = evidence.ledger.dangling(&evidence.transcripts);
    if dangling.is_empty() { Ok(()) } else { Err(dangling.join("\n").into()) }
}

fn current(evidence: &Evidence) -> Result<(), Failed> {
    let kept = std::fs::read_to_string(root().join("docs/deviations.md"))?;
    if kept == document(&evidence.ledger.deviations) {
        return Ok(());
    }
    Err("docs/deviations.md is stale: run `cargo run -p isogloss-testkit --bin deviations > docs/deviations.md`".into())
}

#[allow(clippy::needless_pass_by_value, reason = "it stands where a conversion does")]
fn failed(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}
