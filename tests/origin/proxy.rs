//! The mode `proxy`: the origin answers everything, and the gateway has no accounts.

use std::process::Stdio;

use crate::gateway::{GatewayProcess, Plan, command, get, prepare, rpc};
use crate::old_system::OldSystem;
use crate::recorder::Recorder;

fn proxy<'a>(dialect: &'a str, path: &'a str, origin: &'a str) -> Plan<'a> {
    Plan { dialect, path, origin, mode: "proxy", ..Plan::default() }
}

#[test]
fn every_request_goes_to_the_origin() {
    for (dialect, request) in [
        ("octoprint", get("/api/access/users", "X-Api-Key: abc\r\n")),
        ("octoprint", get("/login/", "")),
        ("octoprint", get("/%61pi//access/users/..%2f", "")),
        ("octoprint", get("/page", "").replace("GET", "PROPFIND")),
        ("kanboard", rpc(r#"{"jsonrpc":"2.0","id":1,"method":"getAllUsers"}"#)),
        ("kanboard", rpc("no json")),
        ("rhodecode", rpc("{}").replace("/jsonrpc.php", "/_admin/api")),
        ("dandelion", get("/api/users/getusers?apikey=abc", "Cookie: a=b\r\n")),
    ] {
        let origin = Recorder::patient();
        let answer = GatewayProcess::with(&proxy(dialect, "", &origin.url)).send(&request);
        let length = "content-length: 2\r\n";
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(length), "{answer}");
        assert!(!answer.contains("x-request-id"), "the answer is not the origin's: {answer}");
        let one = &origin.arrived(1)[0];
        assert_eq!(one.asks(), request.split(" HTTP/1.1").next().unwrap());
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(one.body.as_deref(), Some(body.as_bytes()));
    }
}

#[test]
fn a_body_longer_than_the_limit_of_translated_calls_goes() {
    let origin = Recorder::patient();
    let gateway = GatewayProcess::with(&proxy("kanboard", "/kb", &origin.url));
    let file = "x".repeat(3 << 20);
    let call =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"createTaskFile","params":["{file}"]}}"#);
    let answer = gateway.send(&rpc(&call).replace("POST /", "POST /kb/"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(origin.arrived(1)[0].body.as_deref(), Some(call.as_bytes()));
}

#[test]
fn no_account_is_made() {
    let old = OldSystem::start();
    let folder = prepare(&proxy("kanboard", "", &old.url));
    let child = command(&folder, &["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let data = folder.path().join("data");
    let gateway = GatewayProcess::of(child.unwrap(), folder);
    let answer = gateway.send(&rpc(r#"{"jsonrpc":"2.0","id":1,"method":"getVersion"}"#));
    assert!(answer.contains("the old system ran getVersion"), "{answer}");
    for name in ["credentials.json", "isogloss.sqlite", "secret.key"] {
        assert!(!data.join(name).exists(), "{name} was made");
    }
}

#[test]
fn the_command_line_needs_no_file() {
    let old = OldSystem::start();
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--dialect", "rhodecode", "--listen", "127.0.0.1:0", "--data-dir", "d"];
    let mut serve = program(&folder, &serve);
    let child =
        serve.args(["--origin", &old.url, "--mode", "proxy"]).stdout(Stdio::piped()).spawn();
    let gateway = GatewayProcess::of(child.unwrap(), folder);
    let answer = gateway.send(&get("/_admin/api", "X-Mark: here\r\n"));
    assert!(answer.contains("x-mark: here"), "{answer}");
    let folder = tempfile::tempdir().unwrap();
    for (mode, told) in [("proxy", "--origin"), ("diff-proxy", "possible values: normal, proxy")] {
        let refused =
            program(&folder, &["serve", "--dialect", "rhodecode", "--mode", mode]).output();
        let refused = refused.unwrap();
        let complaint = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && complaint.contains(told), "{complaint}");
    }
}

/// The program in a folder, without a configuration.
fn program(folder: &tempfile::TempDir, arguments: &[&str]) -> std::process::Command {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_isogloss"));
    program.args(arguments).current_dir(folder.path()).stderr(Stdio::piped());
    program
}

#[test]
fn an_origin_that_is_gone_is_an_error_in_the_dialects_words() {
    let gateway = GatewayProcess::with(&proxy("octoprint", "", "http://127.0.0.1:9"));
    let answer = gateway.send(&get("/api/version", ""));
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"error\""), "{answer}");
}

#[test]
fn a_loop_of_proxies_ends() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::with(&proxy("octoprint", "", &old.url));
    let first = gateway.send(&get("/api/version", ""));
    let via = first.lines().find_map(|line| line.strip_prefix("via: ")).unwrap();
    let second = gateway.send(&get("/api/version", &format!("Via: {via}\r\n")));
    assert!(second.starts_with("HTTP/1.1 503"), "{second}");
}
