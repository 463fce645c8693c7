//! A real OctoPrint behind the mode `proxy`. No client notices the gateway.

mod compared;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use isogloss_testkit::installed::{self, is_left_out};
use isogloss_testkit::real::RealServer;

use crate::gateway::{GatewayProcess, Plan};

const SYSTEM: &str = "octoprint";
/// The driver of the browser. The browser is Debian's.
pub(crate) const PUPPETEER: &str = "puppeteer-core@24.4.0";
/// A client that reads both kinds of the server's socket.
pub(crate) const OCTOREST: [&str; 2] = ["octorest==0.4", "websocket-client==1.9.0"];
/// The size of the file that the browser uploads: 50 MB.
const LARGE: &str = "52428800";
/// How long a client may wait for the first messages.
const SOON: Duration = Duration::from_mins(2);

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn driver(name: &str) -> PathBuf {
    root().join("tests/origin/real").join(name)
}

fn run(command: &mut Command) {
    installed::run(command).unwrap_or_else(|error| panic!("{error:#}"));
}

/// One server is asked directly. Another one like it is asked through a gateway, and then used through
/// one with a path prefix.
#[test]
fn no_client_of_the_real_server_notices_the_proxy() {
    if is_left_out("OctoPrint behind a proxy") {
        return;
    }
    let [direct, behind] = RealServer::start(root(), SYSTEM).unwrap();
    let plan = |path| Plan {
        dialect: SYSTEM,
        mode: "proxy",
        origin: &behind.url,
        path,
        ..Plan::default()
    };
    // One recorded client is a proxy with a path prefix.
    let server = "trusted_proxies = [\"127.0.0.1\"]";
    let at_root = GatewayProcess::with(&Plan { server, ..plan("") });
    let below = GatewayProcess::with(&plan("/octoprint"));
    let url = format!("http://{}", at_root.address);
    compared::every_recorded_exchange((&direct, &direct.url), (&behind, &url));
    drop(direct);
    library_reads_the_sockets(&url, &behind);
    program_hears(&behind.program, (&below.address, "/octoprint"), &behind.real.secret);
    for base in [format!("http://{}/octoprint", below.address), url] {
        person_works(&base, &behind);
    }
}

/// OctoRest reads a websocket and a streamed answer.
fn library_reads_the_sockets(url: &str, server: &RealServer) {
    let python = installed::python(root(), &OCTOREST).unwrap().join("bin/python");
    run(Command::new(python).arg(driver("sockets.py")).args([url, &server.real.secret]));
}

/// OctoPrint's own client: `octoprint client listen`.
pub(crate) fn program_hears(program: &Path, (address, prefix): (&str, &str), key: &str) {
    let (host, port) = address.split_once(':').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let heard = std::fs::File::create(folder.path().join("heard")).unwrap();
    let prefix = if prefix.is_empty() { vec![] } else { vec!["--prefix", prefix] };
    let mut client = Command::new(program)
        .args(["client", "--apikey", key, "--host", host, "--port", port])
        .args(prefix)
        .arg("listen")
        .env("PYTHONUNBUFFERED", "1")
        .stdin(Stdio::null())
        .stdout(heard.try_clone().unwrap())
        .stderr(heard)
        .spawn()
        .unwrap();
    let start = Instant::now();
    let text = || std::fs::read_to_string(folder.path().join("heard")).unwrap();
    let has_heard = || text().contains("<<< connected") && text().contains("<<< history");
    while !has_heard() && start.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(100));
    }
    client.kill().and_then(|()| client.wait()).unwrap();
    assert!(has_heard(), "the client heard nothing:\n{}", text());
}

/// A browser signs in, sees the page, reads the websocket and uploads a file.
pub(crate) fn person_works(url: &str, server: &RealServer) {
    let modules = installed::node(root(), &[PUPPETEER]).unwrap();
    let real = &server.real;
    let mut node = Command::new("node");
    node.env("NODE_PATH", modules).arg(driver("browser.js"));
    run(node.args([url, &real.administrator, &real.password, LARGE]));
}
