//! Plays transcripts against a running server, or against a gateway with fresh stores.
//!
//! ```text
//! play FIXTURES (--url URL [--var NAME=VALUE ...] | --gateway PROGRAM [--write-known]) [NAME ...]
//! ```
//!
//! Each NAME selects the scenarios whose name starts with it (`kanboard`, `rhodecode43::get-user`).
//! It prints each difference from the recording, and how many exchanges matched. Against a gateway,
//! deliberate deviations count as expected. Against a server, they are ignored. `--write-known`
//! prints a new `known-differences.toml` instead.
#![allow(clippy::print_stdout, reason = "a program: it prints what it found")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use isogloss_testkit::client::Base;
use isogloss_testkit::ledger::Ledger;
use isogloss_testkit::played::Played;
use isogloss_testkit::player::play;
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::test_server::TestServer;
use isogloss_testkit::transcript::{Transcript, load};

#[derive(Debug, Default)]
struct Arguments {
    fixtures: PathBuf,
    url: Option<String>,
    gateway: Option<PathBuf>,
    write_known: bool,
    variables: Vec<(String, String)>,
    names: Vec<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = parse(std::env::args().skip(1))?;
    let profiles = Profiles::load(&arguments.fixtures)?;
    let ledger = Ledger::load(&arguments.fixtures)?;
    let (mut matched, mut total) = (0, 0);
    for transcript in load(&arguments.fixtures.join("transcripts"))? {
        let picked = |name: &String| {
            let rest = transcript.name.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        if !arguments.names.is_empty() && !arguments.names.iter().any(picked) {
            continue;
        }
        let played = play_one(&arguments, &profiles, &ledger, &transcript);
        let played = played.unwrap_or_else(|error| {
            println!("# {} was not played: {error:#}", transcript.name);
            Vec::new()
        });
        total += transcript.exchanges.len();
        matched += played.iter().filter(|one| one.matched()).count();
        report(&arguments, &transcript, &played);
    }
    println!(
        "{}{matched} of {total} exchanges matched",
        if arguments.write_known { "# " } else { "" }
    );
    Ok(if matched == total { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments> {
    let mut arguments = Arguments {
        fixtures: words.next().context("no folder of fixtures")?.into(),
        ..Arguments::default()
    };
    while let Some(word) = words.next() {
        let mut next = || words.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--url" => arguments.url = Some(next()?),
            "--gateway" => arguments.gateway = Some(next()?.into()),
            "--write-known" => arguments.write_known = true,
            "--var" => {
                let pair = next()?;
                let (name, value) = pair.split_once('=').context("--var takes NAME=VALUE")?;
                arguments.variables.push((name.to_owned(), value.to_owned()));
            }
            _ if word.starts_with('-') => bail!("no option {word}"),
            _ => arguments.names.push(word),
        }
    }
    Ok(arguments)
}

fn play_one(
    arguments: &Arguments,
    profiles: &Profiles,
    ledger: &Ledger,
    transcript: &Transcript,
) -> Result<Vec<Played>> {
    let mut setup = profiles.setup(&transcript.heading())?;
    for (name, value) in &arguments.variables {
        setup.variables.set(name, value.as_str());
    }
    if let Some(url) = &arguments.url {
        return Ok(play(transcript, &[Base::parse(url)?], &mut setup.variables, &[]));
    }
    let program = arguments.gateway.as_ref().context("--url or --gateway is needed")?;
    let mut server = TestServer::start(program, &arguments.fixtures, transcript, setup)?;
    server.play(transcript, &ledger.deviations)
}

fn report(arguments: &Arguments, transcript: &Transcript, played: &[Played]) {
    let failed: Vec<_> = played.iter().filter(|one| !one.matched()).collect();
    if failed.is_empty() {
        return;
    }
    if !arguments.write_known {
        println!("# {}: {} of {} differ", transcript.name, failed.len(), played.len());
        for one in failed {
            print!("{one}");
        }
        return;
    }
    println!("[[difference]]\nscenario = {:?}\nexchanges = [", transcript.name);
    for one in failed {
        println!("  {},", serde_json::Value::from(one.label.as_str()));
    }
    println!("]\n");
}
