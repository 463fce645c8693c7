//! Who calls what, as `isogloss usage` shows it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::gateway::{GatewayProcess, Plan, TOKEN, command, get, rpc};
use crate::old_system::OldSystem;

/// The rows of `isogloss usage`, once they count this many calls.
fn usage(gateway: &GatewayProcess, calls: u64) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let output = command(&gateway.folder, &["usage", "--json"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!String::from_utf8_lossy(&output.stdout).contains(TOKEN), "a key is shown");
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let sum: u64 = rows.iter().filter_map(|row| row["calls"].as_u64()).sum();
        if sum >= calls {
            return rows;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{rows:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The rows as `METHOD by CALLER: CALLS, FAILED`.
fn lines(rows: &[Value]) -> Vec<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let mut lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let (method, caller) = (text(row, "method"), text(row, "caller"));
            let caller = if caller.starts_with("(key ") { "(key)".to_owned() } else { caller };
            format!("{method} by {caller}: {}, {}", row["calls"], row["failed"])
        })
        .collect();
    lines.sort();
    lines
}

fn call(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method})
}

#[test]
fn a_proxy_counts_by_method_and_credentials() {
    let old = OldSystem::start();
    let plan = Plan { dialect: "kanboard", origin: &old.url, mode: "proxy", ..Plan::default() };
    let gateway = GatewayProcess::with(&plan);
    gateway.call(&call("getalluserS"));
    gateway.call(&call("getAllUsers"));
    gateway.call(&json!([call("createTask"), call("getVersion")]));
    // `ada:hunter2`, as Basic authentication spells it.
    let basic = "Authorization: Basic YWRhOmh1bnRlcjI=";
    gateway.send(
        &rpc(&call("getMe").to_string())
            .replace("Authorization: Basic", "X-Unread:")
            .replace("Host:", &format!("{basic}\r\nHost:")),
    );
    gateway.send(&get("/board/17?a=b", ""));
    let rows = usage(&gateway, 6);
    assert_eq!(
        lines(&rows),
        [
            "GET /board/* by (nobody): 1, 0",
            "createTask by (key): 1, 0",
            "getAllUsers by (key): 2, 0",
            "getMe by ada: 1, 0",
            "getVersion by (key): 1, 0",
        ]
    );
    assert!(rows.iter().all(|row| row["route"] == "kanboard at /"), "{rows:?}");
    assert!(!format!("{rows:?}").contains("hunter2"));
    let log = gateway.log();
    assert!(log.contains("getAllUsers") && log.contains("by_origin=true"), "{log}");
}

#[test]
fn a_gateway_counts_whom_it_has_proved() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("kanboard", &old.url);
    gateway.call(&call("getAllUsers"));
    gateway.call(&call("createTask"));
    gateway.send(&rpc(&call("getAllUsers").to_string()).replace("Authorization", "X-Unread"));
    let rows = usage(&gateway, 3);
    assert_eq!(
        lines(&rows),
        [
            "createTask by (key): 1, 0",
            "getAllUsers by (application): 1, 0",
            "getAllUsers by (nobody): 1, 1",
        ]
    );
}

/// What cannot be counted does not stop the gateway.
#[test]
fn a_file_that_cannot_be_opened_fails_no_request() {
    let old = OldSystem::start();
    let plan = Plan { dialect: "kanboard", origin: &old.url, mode: "proxy", ..Plan::default() };
    let folder = crate::gateway::prepare(&plan);
    std::fs::create_dir_all(folder.path().join("data/usage.sqlite")).unwrap();
    let mut serve = command(&folder, &["serve"]);
    let child = serve.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let gateway = GatewayProcess::of(child.spawn().unwrap(), folder);
    let answer = gateway.call(&call("createTask"));
    assert_eq!(answer["result"], json!("the old system ran createTask"));
}
