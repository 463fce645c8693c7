//! Servers that answer from a recording.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::adapter::{Defaults, Service};
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_interop::php::form::Form;
use isogloss_testkit::scripted::upstream::{self, System};
use serde_json::Value;

use crate::backend::make;
use crate::ids::NAMESPACE;

pub(super) const KEY: &str = "c0ffee";

/// The backend of a server.
pub(super) fn backend(server: &Arc<impl Upstream + 'static>) -> Arc<dyn Backend> {
    let full_name = "Known as {username}".to_owned();
    let service = Service {
        defaults: Defaults { full_name, ..Defaults::default() },
        ..upstream::service(NAMESPACE, KEY)
    };
    make(&service, Arc::clone(server) as Arc<dyn Upstream>)
}

/// A server that answers from a recorded scenario. It answers only requests that were recorded, in
/// the recorded order; reads may be repeated.
#[derive(Debug)]
pub(super) struct Recorded {
    exchanges: Vec<Value>,
    at: Mutex<usize>,
}

impl Recorded {
    pub(super) fn playing(text: &str) -> Arc<Self> {
        let mut scenario: Value = serde_json::from_str(&with_values(text)).unwrap();
        let exchanges = scenario["exchanges"].as_array_mut().map(std::mem::take).unwrap();
        Arc::new(Self { exchanges, at: Mutex::default() })
    }

    /// Continues after the exchange with this name.
    pub(super) fn skip(&self, name: &str) {
        let at = self.exchanges.iter().position(|one| one["name"] == name).unwrap();
        *self.at.lock().unwrap() = at + 1;
    }
}

/// Replaces the variables of a scenario: keys by [`KEY`], every other one by the id 51.
fn with_values(text: &str) -> String {
    let mut parts = text.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap();
        out.push_str(if name.ends_with("_key") { KEY } else { "51" });
        out.push_str(rest);
    }
    out
}

#[async_trait]
impl Upstream for Recorded {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let mut at = self.at.lock().unwrap();
        let rest = self.exchanges.iter().enumerate().skip(*at);
        let found = rest.into_iter().find(|(_, one)| same(&request, &one["request"]));
        let Some((index, exchange)) = found else {
            panic!("not recorded after exchange {at}: {request:?}")
        };
        if request.method != "GET" {
            *at = index + 1;
        }
        let mut answer = exchange["response"].clone();
        // A list that was recorded after a creation is answered before it, without the new user.
        let created = |one: &Value| one["request"]["path"] == "/api/users/create";
        if request.path == "/api/users/getusers" && self.exchanges[*at..index].iter().any(created) {
            answer["json"]["data"].as_array_mut().unwrap().retain(|row| row["id"] != "51");
        }
        let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
        let body = answer.get("json").map_or_else(String::new, Value::to_string);
        Ok(Response::new(status, body))
    }
}

/// Whether a request equals a recorded one: HTTP verb, path, and every parameter.
fn same(request: &Request, recorded: &Value) -> bool {
    let target = recorded["path"].as_str().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if recorded["method"] != request.method || path != request.path {
        return false;
    }
    let sent_query = request.query.as_deref().unwrap_or_default();
    if sent_query.is_empty() != query.is_empty() {
        return false;
    }
    let text = if request.method == "GET" { sent_query.as_bytes() } else { &request.body[..] };
    let sent = Form::read(text).decoded_again();
    let form = recorded.get("form").and_then(Value::as_object).into_iter().flatten();
    let form = form.map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let wanted: Vec<(&str, &str)> = form.chain(query).collect();
    let count = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).count();
    count == wanted.len() && wanted.iter().all(|(name, value)| sent.text(name) == Some(value))
}

/// The path and the parameters of each request.
pub(super) fn requests(server: &System) -> Vec<String> {
    let text = |request: Request| {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        format!("{} {}", request.path, request.query.unwrap_or(body))
    };
    server.asked().into_iter().map(text).collect()
}
