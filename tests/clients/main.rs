//! Real, unmodified clients against the built gateway. Each test installs what it needs once. A test
//! fails if a tool or the network is missing. Outside CI, `ISOGLOSS_SKIP_CLIENTS` skips such a test
//! with a message.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use isogloss_testkit::facts::Facts;
use isogloss_testkit::installed::{self, is_left_out};
use isogloss_testkit::profile::{Profiles, Setup};
use isogloss_testkit::test_server::TestServer;
use isogloss_testkit::transcript::Transcript;

/// The versions that the tests were written for.
const KANBOARD: &str = "kanboard==1.1.8";
const NODE_PACKAGES: [&str; 3] = ["jquery@3.5.1", "jsdom@26.1.0", "lodash@4.17.21"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command to its end. If it fails, its output is shown.
fn run(command: &mut Command) -> String {
    installed::run(command).unwrap_or_else(|error| panic!("{error:#}"))
}

fn python() -> Command {
    Command::new("python3")
}

/// A gateway with the accounts of a dialect's recorded server.
fn gateway(dialect: &str) -> TestServer {
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
    TestServer::start(Path::new(env!("CARGO_BIN_EXE_isogloss")), &fixtures, &transcript, setup)
        .unwrap()
}

fn variable(setup: &Setup, name: &str) -> String {
    setup.variables.get(name).unwrap().as_str().unwrap().to_owned()
}

fn driver(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

#[test]
fn kanboard_python_client() {
    if is_left_out("the client of Kanboard") {
        return;
    }
    let folder = installed::python(root(), &[KANBOARD]).unwrap();
    let server = gateway("kanboard");
    let token = variable(&server.setup, "app_auth");
    let token = token.strip_prefix("jsonrpc:").unwrap();
    let python = folder.join("bin/python");
    run(Command::new(python).arg("-I").arg(driver("kanboard.py")).args([
        server.url(),
        token,
        "admin",
        "admin",
    ]));
}

#[test]
fn octoprint_javascript_client() {
    if is_left_out("the client of OctoPrint") {
        return;
    }
    // Its server carries the client.
    let real = Facts::load(&root().join("fixtures"), "octoprint").unwrap().real.unwrap();
    let server = installed::python(root(), &[&real.package]).unwrap();
    let find = "import octoprint, os; print(os.path.dirname(octoprint.__file__), end='')";
    let package = run(Command::new(server.join("bin/python")).args(["-c", find]));
    let modules = installed::node(root(), &NODE_PACKAGES).unwrap();
    let server = gateway("octoprint");
    let own = ["admin_key", "admin_password"].map(|name| variable(&server.setup, name));
    run(Command::new("node")
        .env("NODE_PATH", modules)
        .arg(driver("octoprint.js"))
        .args([server.url(), &own[0], "admin", &own[1]])
        .arg(Path::new(&package).join("static/js/app/client")));
}

#[test]
fn rhodecode_request_shapes() {
    let server = gateway("rhodecode");
    let token = variable(&server.setup, "admin_token");
    run(python().arg("-I").arg(driver("rhodecode.py")).args([server.url(), &token]));
}

#[test]
fn dandelion_request_shapes() {
    let server = gateway("dandelion");
    let key = variable(&server.setup, "admin_key");
    run(python().arg("-I").arg(driver("dandelion.py")).args([server.url(), &key]));
}
