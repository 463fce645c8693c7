//! Plays the recorded transcripts on every pair of dialect and backend.
//! `kanboard-on-dandelion::create-user` plays `fixtures/transcripts/kanboard/create-user.json`
//! against a gateway with Kanboard's dialect and a Dandelion backend. The Dandelion server is a
//! second gateway with its own store.
//!
//! The recordings of older versions are played too, if `fixtures/systems/` names the version.
//!
//! Each exchange must be answered as recorded, unless the list of the pair has it, with a reason:
//! `fixtures/pairs/kanboard-on-dandelion.toml`. A listed exchange that matches fails the run.
//! `ISOGLOSS_WRITE_PAIRS=1` writes the lists of the pairs that are played, and the differences to
//! `target/pairs/`. The reason of each new row must then be filled in.

mod lists;
mod template;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::{Context, Result};
use isogloss::registry;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::ledger::Ledger;
use isogloss_testkit::played::Played;
use isogloss_testkit::profile::{Profiles, Setup};
use isogloss_testkit::suite;
use isogloss_testkit::transcript::{Recording, index};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::lists::List;
use crate::template::Template;

/// If this variable is set, the lists are written, not checked.
const WRITE: &str = "ISOGLOSS_WRITE_PAIRS";

/// A template. The first trial that needs it makes it.
type Made = OnceLock<Result<Template, String>>;

/// A dialect and the system of its backend.
struct Pair {
    name: String,
    system: &'static str,
    list: List,
    ledger: Arc<Ledger>,
    /// One template for each set of accounts that the dialect's scenarios start with.
    templates: Mutex<BTreeMap<String, Arc<Made>>>,
    /// The results of each scenario, by its name.
    played: Mutex<Vec<(String, Vec<Played>)>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let (pairs, trials) = match prepare() {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("the fixtures are not in order: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let conclusion = suite::conclude("pairs", &arguments, trials);
    for pair in &pairs {
        if let Err(error) = pair.report() {
            eprintln!("{}: {error:#}", pair.name);
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}

fn prepare() -> Result<(Vec<Arc<Pair>>, Vec<Trial>)> {
    let ledger = Arc::new(Ledger::load(&fixtures())?);
    let profiles = Profiles::load(&fixtures())?;
    let recordings = Arc::new(index(&fixtures().join("transcripts"))?);
    let (mut pairs, mut trials) = (Vec::new(), Vec::new());
    for dialect in registry::dialects() {
        let versions = Facts::load(&fixtures(), dialect.name)?.pairs.versions;
        let plain = |setup: &Setup| is_plain(setup, dialect.name, &versions);
        let scenes: Vec<(usize, Setup)> = recordings
            .iter()
            .enumerate()
            .map(|(at, one)| Ok((at, profiles.setup(&one.heading)?)))
            .filter(|scene| scene.as_ref().map_or(true, |(_, setup)| plain(setup)))
            .collect::<Result<_>>()?;
        for system in registry::remotes().map(|(adapter, _)| adapter) {
            let pair = Arc::new(Pair {
                name: format!("{}-on-{}", dialect.name, system.name),
                system: system.name,
                list: List::load(&fixtures(), dialect.name, system.name)?,
                ledger: Arc::clone(&ledger),
                templates: Mutex::default(),
                played: Mutex::default(),
            });
            trials.extend(scenes.iter().map(|scene| trial(&pair, &recordings, scene)));
            let (whole, known) = (Arc::clone(&pair), Arc::clone(&recordings));
            let name = format!("{}::list-is-in-order", pair.name);
            trials.push(suite::trial(name, move || in_order(&whole, &known)));
            pairs.push(pair);
        }
    }
    Ok((pairs, trials))
}

/// The setting of the trusted proxies. It does not change what the recorded server is.
const PROXIES: &str = "ISOGLOSS__SERVER__TRUSTED_PROXIES";

/// Whether a scenario was recorded with the server's default configuration, of the default version
/// or one of these. Other configurations concern only the dialect, not the backend.
fn is_plain(setup: &Setup, dialect: &str, versions: &[String]) -> bool {
    setup.dialect == dialect
        && setup.version.as_ref().is_none_or(|version| versions.contains(version))
        && setup.options.is_empty()
        && setup.settings.keys().all(|name| name == PROXIES)
}

fn trial(
    pair: &Arc<Pair>,
    recordings: &Arc<Vec<Recording>>,
    (at, setup): &(usize, Setup),
) -> Trial {
    let (pair, recordings, at, setup) =
        (Arc::clone(pair), Arc::clone(recordings), *at, setup.clone());
    // The scenarios of another version are named with their collection.
    let whole = recordings[at].heading.name.as_str();
    let scenario = whole.strip_prefix(&format!("{}::", setup.dialect)).unwrap_or(whole);
    let name = format!("{}::{scenario}", pair.name);
    suite::trial(name, move || pair.scenario(&recordings[at], setup))
}

impl Pair {
    fn scenario(&self, recording: &Recording, setup: Setup) -> Result<(), Failed> {
        let transcript = recording.transcript().map_err(|error| format!("{error:#}"))?;
        let cell = self.template(&setup)?;
        let made = cell.get_or_init(|| {
            Template::make(self.system, &setup).map_err(|error| format!("{error:#}"))
        });
        let played = made.as_ref()?.play(setup, transcript, &self.ledger.deviations);
        let played = played.map_err(|error| format!("{error:#}"))?;
        let verdict = self.list.verdict(&self.ledger, transcript, &played);
        let mut all = self.played.lock().map_err(|error| error.to_string())?;
        all.push((transcript.name.clone(), played));
        if is_writing() { Ok(()) } else { Ok(verdict?) }
    }

    fn template(&self, setup: &Setup) -> Result<Arc<Made>, Failed> {
        let mut templates = self.templates.lock().map_err(|error| error.to_string())?;
        Ok(Arc::clone(templates.entry(setup.accounts.to_string()).or_default()))
    }

    /// Prints how many exchanges matched. Writes the list if the variable asks for it.
    fn report(&self) -> Result<()> {
        let played = self.played.lock().ok().context("a trial was broken off")?;
        if played.is_empty() {
            return Ok(());
        }
        let matched = |(_, all): &(String, Vec<Played>)| {
            (all.iter().filter(|one| one.matched()).count(), all.len())
        };
        let (right, all) = played
            .iter()
            .map(matched)
            .fold((0, 0), |(right, all), (more, of)| (right + more, all + of));
        eprintln!("{}: {right} of {all} exchanges are answered as recorded", self.name);
        if !is_writing() {
            return Ok(());
        }
        let folder = root().join("target/pairs");
        fs::create_dir_all(&folder)?;
        let mut text = String::new();
        for (scenario, exchanges) in played.iter() {
            for one in exchanges.iter().filter(|one| !one.matched()) {
                write!(text, "# {scenario}\n{one}")?;
            }
        }
        fs::write(folder.join(format!("{}.txt", self.name)), text)?;
        self.list.write(&self.ledger, &played)
    }
}

fn in_order(pair: &Pair, recordings: &[Recording]) -> Result<(), Failed> {
    let flaws = pair.list.flaws(&fixtures(), recordings).map_err(|error| format!("{error:#}"))?;
    if flaws.is_empty() || is_writing() { Ok(()) } else { Err(flaws.join("\n").into()) }
}

fn is_writing() -> bool {
    std::env::var_os(WRITE).is_some_and(|value| !value.is_empty())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("fixtures")
}
