//! OctoPrint's pages without an origin: a person in a browser gives a program its key.

mod whose;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isogloss_testkit::client::Base;
use isogloss_testkit::installed::{self, is_left_out};
use isogloss_testkit::real::RealServer;
use isogloss_testkit::variables::Variables;
use serde_json::json;

use crate::gateway::{GatewayProcess, Plan};
use crate::real::{PUPPETEER, person_works};

const SYSTEM: &str = "octoprint";
/// Clients that ask for keys. The first takes a path prefix.
const PROGRAMS: [&str; 2] = ["pyoctoprintapi==0.1.14", "octorest==0.4"];
/// The administrator of the gateway's store.
const FIRST: (&str, &str) = ("admin", "the first secret");
/// A user of the real server. The gateway issues no keys for the account whose key it uses.
const ANN: (&str, &str) = ("ann", "ann's secret");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn driver(name: &str) -> PathBuf {
    root().join("tests/origin/pages").join(name)
}

/// A browser on this machine.
fn person(address: &str, (user, password): (&str, &str), decision: &str, way: &str) {
    let modules = installed::node(root(), &[PUPPETEER]).unwrap();
    let mut node = Command::new("node");
    node.env("NODE_PATH", modules).arg(driver("person.js"));
    node.args([address, user, password, decision, way]);
    installed::run(&mut node).unwrap_or_else(|error| panic!("{error:#}"));
}

/// A program asks, a person decides on the first page, the program hears it.
fn program_asks(library: &str, address: &str, decision: &str) {
    let python = installed::python(root(), &PROGRAMS).unwrap().join("bin/python");
    let mut program = Command::new(python);
    program.arg(driver("programs.py")).args([library, address, FIRST.0, decision]);
    let program = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = program.spawn().unwrap();
    person(address, FIRST, decision, "link");
    let heard = program.wait_with_output().unwrap();
    assert!(heard.status.success(), "{library}: {}", String::from_utf8_lossy(&heard.stderr));
}

fn add_ann(server: &RealServer) {
    let request = json!({
        "method": "POST",
        "path": "/api/access/users",
        "headers": {"X-Api-Key": server.real.secret},
        "json": {"name": ANN.0, "password": ANN.1, "active": true},
    });
    let direct = Base::parse(&server.url).unwrap();
    let answer = direct.send(request.as_object().unwrap(), &Variables::default()).unwrap();
    assert_eq!(answer.status, 200);
}

#[test]
fn a_person_in_a_browser_decides_about_a_key() {
    if is_left_out("OctoPrint's pages in a browser") {
        return;
    }
    let [server] = RealServer::start(root(), SYSTEM).unwrap();
    let (url, secret) = (&server.url, &server.real.secret);
    let more = format!(
        "[[route]]\npath = \"/prefix\"\ndialect = \"octoprint\"\nbackend = \"people\"\n\
         [[route]]\npath = \"/remote\"\ndialect = \"octoprint\"\nbackend = \"printer\"\n\
         [[route]]\npath = \"/mixed\"\ndialect = \"octoprint\"\nbackend = \"people\"\n\
         [route.origin]\nurl = \"{url}\"\n\
         [backend.printer]\nsystem = \"octoprint\"\nurl = \"{url}\"\nsecret = \"{secret}\"\n"
    );
    let gateway = GatewayProcess::with(&Plan { dialect: SYSTEM, more: &more, ..Plan::default() });
    let at = |path: &str| format!("http://{}{path}", gateway.address);
    program_asks("pyoctoprintapi", &at("/prefix"), "allow");
    program_asks("octorest", &at(""), "allow");
    program_asks("octorest", &at(""), "deny");
    person(&at("/prefix"), FIRST, "deny", "dialog");
    // The origin is another server than the backend: the dialog is the gateway's, the pages the origin's.
    person(&at("/mixed"), FIRST, "allow", "dialog");
    person_works(&at("/mixed"), &server);
    // The key is the real server's.
    add_ann(&server);
    person(&at("/remote"), ANN, "allow", "dialog");
}
