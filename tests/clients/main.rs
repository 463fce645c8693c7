//! Real, unmodified clients against the built gateway. Each test installs what it needs below
//! `target/clients`, once. A test fails if a tool or the network is missing. Outside CI,
//! `ISOGLOSS_SKIP_CLIENTS` skips such a test with a message.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use isogloss_testkit::profile::{Profiles, Setup};
use isogloss_testkit::scene::Scene;
use isogloss_testkit::transcript::Transcript;

/// The versions that the tests were written for.
const KANBOARD: &str = "kanboard==1.1.8";
const OCTOPRINT: &str = "OctoPrint==1.11.8";
const NODE_PACKAGES: [&str; 3] = ["jquery@3.5.1", "jsdom@26.1.0", "lodash@4.17.21"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn left_out(client: &str) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let skip = set("ISOGLOSS_SKIP_CLIENTS") && !set("CI");
    if skip {
        eprintln!("!!! THE {client} CLIENT WAS NOT RUN: ISOGLOSS_SKIP_CLIENTS is set !!!");
    }
    skip
}

/// Runs a command to its end. If it fails, its output is shown.
fn run(command: &mut Command) {
    let output = command.output();
    let output = output.unwrap_or_else(|error| {
        panic!("{command:?} cannot be run ({error}): ./test installs what is missing")
    });
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
}

/// A folder below `target/clients`. It is filled once, completely or not at all.
fn installed(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let clients = root().join("target/clients");
    let (folder, done) = (clients.join(name), clients.join(format!("{name}.installed")));
    if !done.exists() {
        fs::create_dir_all(&folder).unwrap();
        fill(&folder);
        fs::write(done, "").unwrap();
    }
    folder
}

fn python() -> Command {
    Command::new("python3")
}

/// A gateway with the accounts of a dialect's recorded server.
fn gateway(dialect: &str) -> Scene {
    let fixtures = root().join("fixtures");
    let transcript = Transcript {
        name: dialect.to_owned(),
        folder: dialect.to_owned(),
        scenario: "client".to_owned(),
        profile: "default".to_owned(),
        about: String::new(),
        exchanges: Vec::new(),
    };
    let setup = Profiles::load(&fixtures).unwrap().setup(&transcript.heading()).unwrap();
    Scene::set(Path::new(env!("CARGO_BIN_EXE_isogloss")), &fixtures, &transcript, setup).unwrap()
}

fn variable(setup: &Setup, name: &str) -> String {
    setup.variables.get(name).unwrap().as_str().unwrap().to_owned()
}

fn driver(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

#[test]
fn kanboard_python_client() {
    if left_out("kanboard") {
        return;
    }
    let folder = installed("kanboard", |folder| {
        run(python().args(["-m", "venv"]).arg(folder));
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", KANBOARD]));
    });
    let scene = gateway("kanboard");
    let token = variable(&scene.setup, "app_auth");
    let token = token.strip_prefix("jsonrpc:").unwrap();
    let python = folder.join("bin/python");
    run(Command::new(python).arg("-I").arg(driver("kanboard.py")).args([
        scene.url(),
        token,
        "admin",
        "admin",
    ]));
}

#[test]
fn octoprint_javascript_client() {
    if left_out("OctoPrint") {
        return;
    }
    let folder = installed("octoprint", |folder| {
        run(python().args(["-m", "venv"]).arg(folder.join("venv")));
        let pip = folder.join("venv/bin/pip");
        let only = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", OCTOPRINT, "-d"];
        run(Command::new(pip).args(only).arg(folder));
        let wheel = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let wheel = wheel.into_iter().find(|path| path.extension().is_some_and(|own| own == "whl"));
        run(python().args(["-m", "zipfile", "-e"]).arg(wheel.unwrap()).arg(folder.join("wheel")));
        let npm =
            ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(npm).arg(folder).args(NODE_PACKAGES));
    });
    let scene = gateway("octoprint");
    let own = ["admin_key", "admin_password"].map(|name| variable(&scene.setup, name));
    run(Command::new("node")
        .env("NODE_PATH", folder.join("node_modules"))
        .arg(driver("octoprint.js"))
        .args([scene.url(), &own[0], "admin", &own[1]])
        .arg(folder.join("wheel/octoprint/static/js/app/client")));
}

#[test]
fn rhodecode_request_shapes() {
    let scene = gateway("rhodecode");
    let token = variable(&scene.setup, "admin_token");
    run(python().arg("-I").arg(driver("rhodecode.py")).args([scene.url(), &token]));
}

#[test]
fn dandelion_request_shapes() {
    let scene = gateway("dandelion");
    let key = variable(&scene.setup, "admin_key");
    run(python().arg("-I").arg(driver("dandelion.py")).args([scene.url(), &key]));
}
