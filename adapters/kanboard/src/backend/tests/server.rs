//! A server that gives the answers of a test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::adapter::{Defaults, Service};
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use serde_json::{Value, json};

use crate::backend::make;

pub(super) const NAMESPACE: IdNamespace = IdNamespace::named("kanboard");

/// Answers each call with the next result and records the calls.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    results: Mutex<VecDeque<Option<Value>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    /// `None` is a call without an answer. So is every call after the last result.
    pub(super) fn answering(results: impl IntoIterator<Item = Option<Value>>) -> Arc<Self> {
        let results = Mutex::new(results.into_iter().collect());
        Arc::new(Self { results, asked: Mutex::default() })
    }

    /// The method and the parameters of each call.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Upstream for Scripted {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let call: Value = serde_json::from_slice(&request.body).unwrap();
        let method = call["method"].as_str().unwrap();
        self.asked.lock().unwrap().push(format!("{method} {}", call["params"]));
        match self.results.lock().unwrap().pop_front().flatten() {
            Some(result) => {
                let answer = json!({"jsonrpc": "2.0", "result": result, "id": call["id"]});
                Ok(Response::new(200, answer.to_string()))
            }
            None => Err(Fault::new(FaultKind::Timeout, "no answer")),
        }
    }
}

/// A backend that calls this server as the application, or as this user.
pub(super) fn backend(server: &Arc<Scripted>, user: Option<&str>) -> Arc<dyn Backend> {
    make(&service(user), Arc::clone(server) as Arc<dyn Upstream>)
}

/// The configuration of a backend that calls as the application, or as this user.
pub(super) fn service(user: Option<&str>) -> Service {
    Service {
        namespace: NAMESPACE,
        version: None,
        username: user.map(str::to_owned),
        secret: "token".into(),
        defaults: Defaults::default(),
        random: || [0xab; 32],
    }
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
