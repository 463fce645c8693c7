//! First starts at the same time, and first starts that are killed.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::workdir::{Server, Workdir};

const AT_REST: [&str; 4] = ["credentials.json", "isogloss.sqlite", "secret.key", "usage.sqlite"];

fn start(workdir: &Workdir, name: &str) -> Server {
    workdir.start(name, start_command(workdir))
}

fn start_command(workdir: &Workdir) -> Command {
    workdir.command(&["serve", "--listen", "127.0.0.1:0"])
}

fn people(server: &Server, credentials: &Value) -> usize {
    let answer = server.ask(credentials, "getAllUsers", &json!([]));
    answer["result"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
}

#[test]
fn first_starts_that_meet_serve_one_store_with_one_set_of_credentials() {
    for round in 0..15 {
        let workdir = Workdir::new();
        let names = ["one", "two", "three"];
        let started = names.map(|name| start(&workdir, name));
        let servers = started.map(Server::ready);
        let credentials = workdir.credentials();
        for (server, name) in servers.iter().zip(names) {
            let made = server.ask(&credentials, "createUser", &json!([name, "correct horse"]));
            assert!(made["result"].is_u64(), "{round}: {made}");
        }
        for server in &servers {
            assert_eq!(people(server, &credentials), 4, "{round}");
        }
        let shown = servers.iter().filter(|server| server.said().contains("administrator"));
        assert_eq!(shown.count(), 1, "{round}");
        servers.into_iter().for_each(Server::stop);
        assert_eq!(workdir.files(), AT_REST, "{round}");
    }
}

#[test]
fn after_a_first_start_that_was_killed_the_next_one_serves() {
    // On a busy machine the first start may take seconds. The test kills it after longer and longer
    // times, until it has finished twice.
    let (mut finished, mut wait) = (0, Duration::from_millis(4));
    while finished < 2 {
        let workdir = Workdir::new();
        let server = start(&workdir, "killed");
        std::thread::sleep(wait);
        finished += usize::from(server.said().contains("listening"));
        drop(server);
        let server = start(&workdir, "next").ready();
        assert_eq!(people(&server, &workdir.credentials()), 1, "killed after {wait:?}");
        server.stop();
        assert_eq!(workdir.files(), AT_REST, "killed after {wait:?}");
        wait = wait * 5 / 4;
    }
}

#[test]
fn init_and_serve_that_meet_make_one_store() {
    let workdir = Workdir::new();
    let server = start(&workdir, "serve");
    let init = workdir.command(&["init", "--json"]).output().unwrap();
    let server = server.ready();
    let credentials = match serde_json::from_slice(&init.stdout) {
        Ok(credentials) if init.status.success() => credentials,
        _ => workdir.credentials(),
    };
    assert_eq!(people(&server, &credentials), 1);
    server.stop();
}

#[test]
fn a_first_start_whose_output_nobody_reads_serves() {
    let workdir = Workdir::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let server = workdir.start_into("out", start_command(&workdir), writer.into());
    let start = Instant::now();
    while !server.complained().contains("listening on:") {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", server.complained());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(server.complained().contains("they are in the file"), "{}", server.complained());
    assert!(workdir.credentials()["admin"]["password"].is_string());
    server.stop();
}

/// On an empty directory a route with `first_run` lets a person create the administrator. No other start
/// leaves a store without one.
#[test]
fn a_first_run_leaves_the_administrator_to_the_setup_wizard() {
    let workdir = Workdir::new();
    let first_run = ["--dialect", "octoprint", "--option", "first_run=true"];
    let server = workdir.serve(&first_run);
    assert!(server.said().contains("There is no user yet"), "{}", server.said());
    assert!(!workdir.files().contains(&"credentials.json".to_owned()), "{:?}", workdir.files());
    assert!(workdir.ok(&["user", "list", "--json"]).trim().ends_with("[]"));
    let page = server.get("/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("id=setup-user"), "{page}");
    let (_, token) = page.split_once("name=csrf_token value=\"").unwrap();
    let token = token.split('"').next().unwrap();
    let form = format!("csrf_token={token}&user=ada&pass1=correct&pass2=correct");
    let made = server.post_form("/", &format!("csrf_token_P80={token}"), &form);
    assert!(made.starts_with("HTTP/1.1 303"), "{made}");
    let users = workdir.ok(&["user", "list", "--json"]);
    assert!(users.contains("\"ada\""), "{users}");
    server.stop();
    // A restart does not open it again.
    let server = workdir.serve(&first_run);
    assert!(!server.said().contains("There is no user yet"), "{}", server.said());
    assert!(!server.get("/login/").contains("id=setup-user"));
    server.stop();
}

/// A password for the administrator in the environment closes the wizard.
#[test]
fn a_first_run_with_a_password_makes_the_administrator() {
    let workdir = Workdir::new();
    let mut command = start_command(&workdir);
    command.args(["--dialect", "octoprint", "--option", "first_run=true"]);
    command.env("ISOGLOSS_ADMIN_PASSWORD", "correct horse");
    let server = workdir.start("out", command).ready();
    assert!(server.said().contains("The administrator"), "{}", server.said());
    assert!(!server.get("/login/").contains("id=setup-user"));
    server.stop();
}
