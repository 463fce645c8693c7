//! A server that gives the answers of a test.

use std::sync::Arc;

use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_testkit::scripted::upstream::{self, System};
use serde_json::{Value, json};

use crate::backend::make;

pub(super) const NAMESPACE: IdNamespace = IdNamespace::named("kanboard");

/// A server that answers the calls with these results, one after the other. After the last one it
/// answers nothing.
pub(super) fn server<const N: usize>(results: [Value; N]) -> Arc<System> {
    let answer = |result| json!({"jsonrpc": "2.0", "result": result, "id": 1}).to_string();
    System::in_turn(results.map(|result| (200, answer(result))))
}

/// A server that answers one batch with these results.
pub(super) fn batched<const N: usize>(results: [Value; N]) -> Arc<System> {
    let answer = |(id, result)| json!({"jsonrpc": "2.0", "result": result, "id": id});
    let answers: Value = results.into_iter().enumerate().map(answer).collect();
    System::in_turn([(200, answers.to_string())])
}

/// The method and the parameters of each call.
pub(super) fn calls(server: &System) -> Vec<String> {
    let text = |request: &Request| {
        let call: Value = serde_json::from_slice(&request.body).unwrap();
        format!("{} {}", call["method"].as_str().unwrap(), call["params"])
    };
    server.asked().iter().map(text).collect()
}

/// A backend that calls this server as the application, or as this user.
pub(super) fn backend(server: &Arc<System>, user: Option<&str>) -> Arc<dyn Backend> {
    make(&service(user), Arc::clone(server) as Arc<dyn Upstream>)
}

/// The configuration of a backend that calls as the application, or as this user.
pub(super) fn service(user: Option<&str>) -> Service {
    Service { username: user.map(str::to_owned), ..upstream::service(NAMESPACE, "token") }
}

/// A user's row, with these columns changed.
pub(super) fn row(id: i64, username: &str, columns: &Value) -> Value {
    let mut row = json!({"id": id, "username": username, "password": format!("$2y$10${id}"),
        "is_ldap_user": 0, "name": "", "email": "", "role": "app-user", "is_active": 1});
    for (name, value) in columns.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}
