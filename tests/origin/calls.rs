//! Single calls that a dialect forwards: out of a batch, and longer than the limit of translated calls.

use serde_json::{Value, json};

use crate::gateway::{GatewayProcess, Plan, rpc};
use crate::old_system::OldSystem;
use crate::recorder::Recorder;

fn call(id: u32, method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method})
}

#[test]
fn an_origin_that_is_gone_costs_its_own_calls_only() {
    let gateway = GatewayProcess::start("kanboard", "http://127.0.0.1:9");
    let batch = json!([call(1, "getAllUsers"), call(2, "createTask"), call(3, "getAllGroups")]);
    let answers = gateway.call(&batch);
    assert_eq!(answers[0]["result"][0]["username"], json!("admin"), "{answers}");
    assert_eq!(answers[1]["id"], json!(2), "{answers}");
    assert!(answers[1]["error"]["message"].is_string(), "{answers}");
    assert_eq!(answers[2]["result"], json!([]), "{answers}");
}

#[test]
fn a_page_of_the_origin_is_no_answer_of_a_batch() {
    let origin = Recorder::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>");
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    let answers = gateway.call(&json!([call(1, "createTask"), call(2, "getAllGroups")]));
    assert!(answers[0]["error"].is_object() && answers[1]["result"].is_array(), "{answers}");
}

#[test]
fn the_answer_to_a_call_of_a_batch_is_asked_for_uncompressed() {
    let origin = Recorder::start();
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    let single = rpc(&call(1, "createTask").to_string());
    let batch = rpc(&json!([call(1, "createTask")]).to_string());
    for request in [single, batch] {
        gateway.send(&request.replace("Host:", "Accept-Encoding: gzip\r\nHost:"));
    }
    let heads: Vec<_> = origin.arrived(2).iter().map(|one| one.head.to_lowercase()).collect();
    assert!(heads[0].contains("accept-encoding: gzip"), "{}", heads[0]);
    assert!(heads[1].contains("accept-encoding: identity"), "{}", heads[1]);
    assert!(!heads[1].contains("gzip"), "{}", heads[1]);
}

/// A call with 2 MiB of parameters, and what stands after them.
fn long(method: &str, after: &str) -> String {
    let file = "x".repeat(2 << 20);
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"blob":"{file}"}},"id":1{after}}}"#)
}

#[test]
fn a_long_call_for_the_origin_streams() {
    let origin = Recorder::patient();
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    let body = long("createTaskFile", "");
    let answer = gateway.send(&rpc(&body));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    assert_eq!(origin.arrived(1)[0].body.as_deref(), Some(body.as_bytes()));
    // The same in chunks.
    let (head, _) =
        rpc("").split_once("Content-Length").map(|(a, b)| (a.to_owned(), b.len())).unwrap();
    let chunked =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let answer = gateway.send(&chunked);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    assert_eq!(origin.arrived(2)[1].body.as_deref(), Some(body.as_bytes()));
}

#[test]
fn a_long_call_for_the_gateway_is_refused() {
    let origin = Recorder::patient();
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    for body in [long("createUser", ""), format!("[{}]", long("createTaskFile", ""))] {
        let answer = gateway.send(&rpc(&body));
        assert!(answer.contains("-32700"), "{answer}");
    }
    assert!(origin.arrived(0).is_empty());
}

#[test]
fn a_long_call_that_names_a_second_method_never_arrives_whole() {
    let origin = Recorder::patient();
    let gateway = GatewayProcess::start("kanboard", &origin.url);
    for after in [r#","method":"createUser""#, r#","m\u0065thod":"createUser""#] {
        let answer = gateway.send(&rpc(&long("createTaskFile", after)));
        assert!(!answer.ends_with("ok"), "{answer}");
    }
    gateway.send(&rpc(&call(1, "createTask").to_string()));
    let whole = origin.arrived(3).into_iter().filter_map(|one| one.body).count();
    assert_eq!(whole, 1, "a call with two meanings arrived");
}

#[test]
fn an_origin_may_have_a_limit() {
    let origin = Recorder::patient();
    let limit = "body_limit_bytes = 1000\n";
    let plan = Plan { dialect: "octoprint", origin: &origin.url, more: limit, ..Plan::default() };
    let gateway = GatewayProcess::with(&plan);
    let upload = |length: usize| {
        let head = format!(
            "POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}"
        );
        gateway.send(&format!("{head}\r\n\r\n{}", "x".repeat(length)))
    };
    assert!(upload(1000).starts_with("HTTP/1.1 200"));
    let refused = upload(1001);
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    let piece = "x".repeat(600);
    let head =
        "POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked";
    let chunks = format!("258\r\n{piece}\r\n258\r\n{piece}\r\n0\r\n\r\n");
    let refused = gateway.send(&format!("{head}\r\n\r\n{chunks}"));
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
}

#[test]
fn a_batch_of_an_old_system_is_whole() {
    let old = OldSystem::start();
    let gateway = GatewayProcess::start("kanboard", &old.url);
    let answers = gateway.call(&json!([call(1, "getVersion"), call(2, "getAllGroups")]));
    assert_eq!(answers[0]["result"], json!("the old system ran getVersion"), "{answers}");
}
