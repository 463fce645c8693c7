//! Real, unmodified clients against the built gateway: one for each system whose facts name one
//! (`[client]` of `fixtures/systems/`). Each test installs what it needs once. A test fails if a tool or
//! the network is missing. Outside CI, `ISOGLOSS_SKIP_CLIENTS` skips such a test with a message.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use isogloss::registry;
use isogloss_testkit::facts::{Client, Facts};
use isogloss_testkit::installed::{self, is_left_out};
use isogloss_testkit::profile::Profiles;
use isogloss_testkit::suite::{self, trial};
use isogloss_testkit::test_server::TestServer;
use isogloss_testkit::transcript::Transcript;
use libtest_mimic::{Failed, Trial};

fn main() -> ExitCode {
    let dialects = registry::dialects().map(|adapter| adapter.name);
    let trials = dialects.filter_map(|dialect| {
        let facts = Facts::load(&fixtures(), dialect).unwrap();
        let client = facts.client.clone()?;
        let is_foreign = !client.python.is_empty() || !client.node.is_empty();
        Some(trial(dialect, move || {
            if is_foreign && is_left_out(&format!("the client of {dialect}")) {
                return Ok(());
            }
            works(dialect, &client, &facts).map_err(|error| Failed::from(format!("{error:#}")))
        }))
    });
    suite::run("clients", trials.collect::<Vec<Trial>>())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("fixtures")
}

/// A gateway with the accounts of a dialect's recorded server.
fn gateway(dialect: &str) -> Result<TestServer> {
    let transcript = Transcript {
        name: dialect.to_owned(),
        folder: dialect.to_owned(),
        scenario: "client".to_owned(),
        profile: "default".to_owned(),
        about: String::new(),
        exchanges: Vec::new(),
    };
    let setup = Profiles::load(&fixtures())?.setup(&transcript.heading())?;
    let program = Path::new(env!("CARGO_BIN_EXE_isogloss"));
    TestServer::start(program, &fixtures(), &transcript, setup)
}

/// Runs the driver of a client. It ends with an error if an answer is not what the client needs.
fn works(dialect: &str, client: &Client, facts: &Facts) -> Result<()> {
    let mut command = interpreter(client)?;
    let server = gateway(dialect)?;
    command.arg(root().join("tests/clients").join(&client.driver)).arg(server.url());
    for argument in &client.arguments {
        command.arg(server.setup.variables.fill_text(argument)?);
    }
    if let Some(folder) = &client.bundled {
        command.arg(bundled(folder, facts)?);
    }
    installed::run(&mut command).map(drop)
}

/// The program that runs the driver, with the packages that the driver needs.
fn interpreter(client: &Client) -> Result<Command> {
    if !client.node.is_empty() {
        let packages: Vec<&str> = client.node.iter().map(String::as_str).collect();
        let mut command = Command::new("node");
        command.env("NODE_PATH", installed::node(root(), &packages)?);
        return Ok(command);
    }
    let packages: Vec<&str> = client.python.iter().map(String::as_str).collect();
    let python = match packages.as_slice() {
        [] => PathBuf::from("python3"),
        packages => installed::python(root(), packages)?.join("bin/python"),
    };
    let mut command = Command::new(python);
    command.arg("-I");
    Ok(command)
}

/// A folder of the package that has the real server.
fn bundled(folder: &str, facts: &Facts) -> Result<PathBuf> {
    let real = facts.real.as_ref().context("no real server has the client")?;
    let server = installed::python(root(), &[&real.package])?;
    let find = "import sysconfig; print(sysconfig.get_path('purelib'), end='')";
    let packages = installed::run(Command::new(server.join("bin/python")).args(["-c", find]))?;
    Ok(Path::new(&packages).join(folder))
}
