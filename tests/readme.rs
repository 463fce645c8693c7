//! Runs every command of README.md, on free ports and in a directory of its own. Servers are
//! started and left running. All other commands run in one shell, in order, and must succeed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// The limit for the start of a server.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The answers of the four dialects about the same person.
const SAID: [&str; 4] =
    [r#""result":"#, r#""name": "ada""#, r#""username": "ada""#, r#""fullname":"Ada Lovelace""#];

/// A server. It ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already. Then the error does not matter.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// The shell commands of the document: its `sh` blocks, and the calls of the program in backquotes.
fn commands(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    for (index, part) in document.split("```").enumerate() {
        if index % 2 == 1 {
            blocks.extend(part.strip_prefix("sh\n").map(str::to_owned));
            continue;
        }
        let inline = part.split('`').skip(1).step_by(2);
        blocks.extend(inline.filter(|text| text.starts_with("isogloss ")).map(str::to_owned));
    }
    blocks
}

fn is_server(command: &str) -> bool {
    command.starts_with("./run") || command.starts_with("isogloss serve")
}

/// The command with free ports, and with the built program instead of `./run`.
fn here(command: &str, ports: &[(&str, String)]) -> String {
    let start = format!("isogloss serve --listen 127.0.0.1:{}", ports[0].1);
    let moved = ports.iter().fold(command.to_owned(), |text, (own, free)| text.replace(own, free));
    moved.replace("./run", &start)
}

fn shell(script: &str, folder: &Path) -> Command {
    let tools = Path::new(PROGRAM).parent().unwrap().display();
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c"]);
    shell.arg(format!("export PATH=\"{tools}:$PATH\"\n{script}"));
    shell.current_dir(folder).stdin(Stdio::null());
    shell
}

fn start(command: &str, folder: &Path, name: &str) -> Server {
    let log = folder.join(name);
    let out = fs::File::create(&log).unwrap();
    let script = format!("exec {command}");
    let mut server = Server(shell(&script, folder).stdout(out).spawn().unwrap());
    let begun = Instant::now();
    while !fs::read_to_string(&log).unwrap().contains("listening on") {
        assert!(server.0.try_wait().unwrap().is_none(), "{command} ended at once");
        assert!(begun.elapsed() < TIMEOUT, "{command} does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    server
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[test]
fn every_command_works() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let commands = commands(&fs::read_to_string(document).unwrap());
    let ports = ["8080", "8081", "8082"].map(|port| (port, free_port()));
    let commands: Vec<_> = commands.iter().map(|command| here(command, &ports)).collect();
    let (servers, calls): (Vec<_>, Vec<_>) = commands.iter().partition(|one| is_server(one));
    assert!(!servers.is_empty() && !calls.is_empty(), "README.md has no commands");
    let folder = tempfile::tempdir().unwrap();
    let mut running = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        running.push(start(server.trim(), folder.path(), &format!("server-{index}.log")));
    }
    let calls: Vec<_> = calls.into_iter().map(String::as_str).collect();
    let Output { status, stdout, stderr } =
        shell(&calls.join("\n"), folder.path()).output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "README.md's commands failed:\n{said}\n{complained}");
    for words in SAID {
        assert!(said.contains(words), "nothing said {words}:\n{said}\n{complained}");
    }
}
