//! The program as an operator uses it: the first start, provisioning, users, keys and ids while the
//! gateway runs, the configuration, and the stop.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod closed_output;
mod explain;
mod first_start;
mod hashing;
mod matrix;
mod operator;
mod records;
mod shared;
mod store;
mod upgrade;
mod workdir;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::workdir::{PROGRAM, Workdir};

#[test]
fn init_prints_the_credentials_of_each_dialect_and_never_twice() {
    let workdir = Workdir::new();
    let made = workdir.ok(&["init", "--json"]);
    let credentials: Value = serde_json::from_str(&made).unwrap();
    let members: Vec<_> = credentials.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["admin", "octoprint", "rhodecode", "kanboard", "dandelion"]);
    let words = [
        ("/admin/username", 5),
        ("/octoprint/api_key", 43),
        ("/rhodecode/auth_token", 40),
        ("/kanboard/api_token", 60),
        ("/dandelion/api_key", 30),
    ];
    for (pointer, length) in words {
        let word = credentials.pointer(pointer).and_then(Value::as_str).unwrap();
        assert_eq!(word.len(), length, "{pointer}");
    }
    let before = workdir.ok(&["user", "list", "--json"]);
    let again = workdir.fails(&["init", "--json"]);
    assert!(again.contains("already initialised"), "{again}");
    assert_eq!(workdir.ok(&["user", "list", "--json"]), before);
}

#[test]
fn a_password_is_taken_from_the_environment_and_never_empty() {
    let workdir = Workdir::new();
    let run = |password: &str| {
        let mut command = workdir.command(&["init", "--json"]);
        command.env("ISOGLOSS_ADMIN_PASSWORD", password).output().unwrap()
    };
    assert!(!run("").status.success());
    let made: Value = serde_json::from_slice(&run("correct horse").stdout).unwrap();
    assert_eq!(made["admin"]["password"], json!("correct horse"));
}

#[test]
fn a_wrong_accounts_file_leaves_nothing_behind() {
    let workdir = Workdir::new();
    let cases = [
        ("{\"users\": [{\"username\": \"a\"}, {\"username\": \"a\"}]}", "user \"a\""),
        ("{\"users\": [{\"usename\": \"a\"}]}", "usename"),
        ("{\"users\": [{\"username\": \"a\", \"groups\": [\"nowhere\"]}]}", "nowhere"),
        ("{", "accounts file"),
        ("{\"users\": [{\"username\": \"a\", \"ids\": {\"kanbord\": 7}}]}", "unknown id namespace"),
        (
            "{\"users\": [{\"username\": \"a\", \"ids\": {\"kanboard\": 9223372036854775807}}]}",
            "is no id",
        ),
    ];
    for (text, hint) in cases {
        workdir.write("accounts.json", text);
        let told = workdir.fails(&["init", "--accounts", "accounts.json"]);
        assert!(told.contains(hint), "{told}");
        let left = std::fs::read_dir(workdir.data()).map(Iterator::count).unwrap_or_default();
        assert_eq!(left, 0, "{told}");
    }
    workdir
        .write("accounts.json", "{\"users\": [{\"username\": \"a\", \"ids\": {\"kanboard\": 7}}]}");
    workdir.ok(&["init", "--accounts", "accounts.json"]);
    let list: Value = serde_json::from_str(&workdir.ok(&["user", "list", "--json"])).unwrap();
    assert_eq!(list[0]["ids"]["kanboard"], json!("7"));
}

#[test]
fn the_first_start_shows_the_credentials_once_and_leaves_them_for_their_owner() {
    let workdir = Workdir::new();
    let server = workdir.serve(&[]);
    let file = workdir.data().join("credentials.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let credentials: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let password = credentials["admin"]["password"].as_str().unwrap();
    assert!(server.said().contains(password), "{}", server.said());
    server.stop();
    let again = workdir.serve(&[]);
    assert!(!again.said().contains(password));
    again.stop();
}

#[test]
fn every_refusal_before_the_dialect_is_in_the_dialects_words() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let server = workdir.serve(&[]);
    let large = "x".repeat((1 << 20) + 1);
    let cases = [
        ("/octoprint/api/access/users", "HTTP/1.1 400"),
        ("/rhodecode/_admin/api", "413"),
        ("/kanboard/jsonrpc.php", "-32700"),
        ("/dandelion/api/users/create", "\"errorcode\":7"),
    ];
    for (path, words) in cases {
        let answer = server.post(path, &large);
        assert!(answer.contains(words), "{path}: {}", &answer[..300.min(answer.len())]);
        assert!(answer.to_lowercase().contains("x-request-id: "), "{path}");
    }
    assert!(server.get("/nowhere").starts_with("HTTP/1.1 404"));
    server.stop();
}

#[test]
fn a_route_is_mounted_by_host_and_on_a_listener_of_its_own() {
    let workdir = Workdir::new();
    workdir.write(
        "gateway.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\n\
         [[route]]\nhost = \"boards.example\"\ndialect = \"kanboard\"\nbackend = \"people\"\n\
         [[route]]\nhost = \"prints.example\"\ndialect = \"octoprint\"\nbackend = \"people\"\n",
    );
    let server = workdir.serve(&["--config", "gateway.toml"]);
    assert!(server.get_for("boards.example", "/jsonrpc.php").contains("-32700"));
    assert!(server.get_for("prints.example", "/api/version").contains("\"error\""));
    assert!(server.get_for("other.example", "/").starts_with("HTTP/1.1 404"));
    server.stop();
}

/// A client that could choose a route with a header could avoid the proxy in front of another
/// route.
#[test]
fn only_a_trusted_proxy_says_for_which_host_it_asks() {
    let headers = [
        ("X-Forwarded-Host: prints.example", true),
        ("Forwarded: for=127.0.0.1;host=prints.example", false),
        ("X-Host: prints.example", false),
    ];
    for proxies in ["", "trusted_proxies = [\"127.0.0.1\"]\n"] {
        let workdir = Workdir::new();
        workdir.write(
            "gateway.toml",
            &format!(
                "[server]\nlisten = \"127.0.0.1:0\"\n{proxies}\
                 [[route]]\nhost = \"boards.example\"\ndialect = \"kanboard\"\n\
                 [[route]]\nhost = \"prints.example\"\ndialect = \"octoprint\"\n"
            ),
        );
        let server = workdir.serve(&["--config", "gateway.toml"]);
        for (header, counts) in headers {
            let asked = server.get_for_with("boards.example", "/jsonrpc.php", header);
            let at_prints = !asked.contains("-32700");
            assert_eq!(at_prints, counts && !proxies.is_empty(), "{header} {proxies}: {asked}");
        }
        server.stop();
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place() {
    let workdir = Workdir::new();
    let cases = [
        ("[server]\nlisten_on = \"x\"\n", "gateway.toml:2: server.listen_on: unknown key"),
        ("[[route]]\ndialect = \"latin\"\nbackend = \"people\"\n", "no dialect \"latin\""),
        (
            "[[route]]\ndialect = \"kanboard\"\nbackend = \"people\"\nversion = \"9\"\n",
            "no version \"9\"",
        ),
        (
            "[[route]]\ndialect = \"kanboard\"\nbackend = \"people\"\n[route.options]\nx = 1\n",
            "no option \"x\"",
        ),
        ("[backend.old]\nsystem = \"kanboard\"\nurl = \"http://a\"\n", "secret is missing"),
    ];
    for (text, hint) in cases {
        workdir.write("gateway.toml", text);
        let told = workdir.fails(&["config", "check", "--config", "gateway.toml"]);
        assert!(told.contains(hint), "{told}");
    }
}

#[test]
fn a_secret_of_the_configuration_is_masked() {
    let workdir = Workdir::new();
    workdir.write(
        "gateway.toml",
        "[backend.old]\nsystem = \"kanboard\"\nurl = \"http://a\"\nsecret = \"hunter2\"\n",
    );
    let shown = workdir.ok(&["config", "show", "--config", "gateway.toml"]);
    assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands = [
        "serve",
        "init",
        "user add",
        "user list",
        "user show",
        "user set",
        "user remove",
        "key add",
        "key list",
        "key import",
        "key revoke",
        "identity export",
        "identity import",
        "identity list",
        "identity confirm",
        "identity tombstone",
        "identity bind",
        "config check",
        "config show",
        "matrix",
        "dialects",
        "explain",
        "completions",
        "man",
    ];
    for command in commands {
        let words: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = Command::new(PROGRAM).args(words).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains("Example"), "{command}: {help}");
    }
    for words in [["completions", "bash"], ["completions", "fish"]] {
        assert!(Command::new(PROGRAM).args(words).output().unwrap().stdout.len() > 1000);
    }
}
