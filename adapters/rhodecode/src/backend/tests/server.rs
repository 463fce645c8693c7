//! Servers that replay recordings, and servers that answer what a test says.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::adapter::{Defaults, Service};
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_testkit::scripted::upstream::{self, System};
use serde_json::{Value, json};

use crate::backend::make;

/// The namespace of the server's ids.
pub(super) const NAMESPACE: IdNamespace = IdNamespace::named("rhodecode");

/// The gateway's token.
pub(super) const TOKEN: &str = "c0ffee";

/// The id of every user and user group that a scenario creates.
pub(super) const ID: i64 = 51;

/// The backend of a server of this version.
pub(super) fn backend(
    version: Option<&str>,
    server: &Arc<impl Upstream + 'static>,
) -> Arc<dyn Backend> {
    make(&service(version), Arc::clone(server) as Arc<dyn Upstream>)
}

pub(super) fn service(version: Option<&str>) -> Service {
    Service {
        version: version.map(str::to_owned),
        defaults: Defaults { email: "{username}@example.com".to_owned(), ..Defaults::default() },
        ..upstream::service(NAMESPACE, TOKEN)
    }
}

/// A recorded scenario. A request is answered only if the real server was recorded answering it, in
/// this order.
#[derive(Debug)]
pub(super) struct Recorded {
    exchanges: Vec<Value>,
    at: Mutex<usize>,
}

impl Recorded {
    pub(super) fn scenario(folder: &str, name: &str) -> Arc<Self> {
        Arc::new(Self { exchanges: exchanges(folder, name), at: Mutex::default() })
    }

    /// Continues after the exchange of this name.
    pub(super) fn skip(&self, name: &str) {
        let at = self.exchanges.iter().position(|one| one["name"] == name).unwrap();
        *self.at.lock().unwrap() = at + 1;
    }
}

fn exchanges(folder: &str, name: &str) -> Vec<Value> {
    let file = format!("../../fixtures/transcripts/{folder}/{name}.json");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut scenario: Value = serde_json::from_str(&valued(&text)).unwrap();
    let mut exchanges = scenario["exchanges"].as_array_mut().map(std::mem::take).unwrap();
    for exchange in &mut exchanges {
        let captured: Vec<_> = exchange["capture"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, pointer)| pointer.as_str().map(str::to_owned))
            .collect();
        for pointer in captured {
            if let Some(value) = exchange["response"]["json"].pointer_mut(&pointer) {
                *value = json!(ID);
            }
        }
    }
    exchanges
}

/// The text of a scenario with values for its variables: the token, and one number for all ids.
fn valued(text: &str) -> String {
    let number = ID.to_string();
    let mut parts = text.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap();
        if name.starts_with('#') {
            // A variable with this mark replaces the whole string by a number.
            out.pop();
            out.push_str(&number);
            out.push_str(rest.strip_prefix('"').unwrap());
        } else {
            out.push_str(if name.ends_with("_token") { TOKEN } else { &number });
            out.push_str(rest);
        }
    }
    out
}

/// The answer to a call that the backend makes besides those of the scenario, from another one.
fn from_other_scenario(method: &str) -> Option<Value> {
    let (scenario, name) = match method {
        "get_users" => ("get-users", "the default user is not listed, the admin is"),
        "get_ip" => ("server-methods", "get_ip"),
        "get_user_groups" => ("user-group", "list"),
        _ => return None,
    };
    let all = exchanges("rhodecode", scenario);
    let mut found = all.into_iter().find(|one| one["name"] == name)?;
    // The people of the other scenario are older than those of this one.
    let rows = found["response"]["json"]["result"].as_array_mut();
    for id in rows.into_iter().flatten().filter_map(|row| row.get_mut("user_id")) {
        *id = json!(id.as_i64().unwrap().min(ID - 1));
    }
    Some(found)
}

#[async_trait]
impl Upstream for Recorded {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let mut at = self.at.lock().unwrap();
        let call: Value = serde_json::from_slice(&request.body).unwrap();
        let rest = self.exchanges.iter().enumerate().skip(*at);
        let found = rest.into_iter().find(|(_, one)| same(&request, &call, &one["request"]));
        let exchange = match found {
            Some((index, exchange)) => {
                *at = index + 1;
                exchange.clone()
            }
            None => call["method"].as_str().and_then(from_other_scenario).unwrap_or_else(|| {
                panic!("never recorded after {at}: {call}");
            }),
        };
        let mut answer = exchange["response"]["json"].clone();
        answer["id"] = call["id"].clone();
        let status = u16::try_from(exchange["response"]["status"].as_u64().unwrap()).unwrap();
        Ok(Response::new(status, answer.to_string()))
    }
}

/// Whether a request is the recorded one, apart from its id. Where the recorded request gives a name,
/// this one may give an id: both ways are recorded.
fn same(request: &Request, call: &Value, recorded: &Value) -> bool {
    let content_type = recorded["headers"]["Content-Type"].as_str();
    if recorded["method"] != request.method
        || recorded["path"] != request.path
        || content_type != request.header("content-type")
        || call["id"].as_i64().is_none_or(|id| id < 1)
    {
        return false;
    }
    let mut wanted = recorded["json"].clone();
    for who in ["userid", "usergroupid"] {
        if let Some(name) = wanted["args"].get_mut(who)
            && name.is_string()
            && call["args"][who].is_number()
        {
            *name = json!(ID);
        }
    }
    wanted["id"] = call["id"].clone();
    wanted == *call
}

/// The placeholder for the id of the call in an answer.
pub(super) const SAME_ID: &str = "<id>";

/// A server that gives these answers, one a call.
pub(super) fn scripted<T: Into<String>>(
    answers: impl IntoIterator<Item = (u16, T)>,
) -> Arc<System> {
    let answers = answers.into_iter().map(|(status, body)| (status, body.into()));
    let answers: Mutex<VecDeque<(u16, String)>> = Mutex::new(answers.collect());
    System::answering(move |request| match answers.lock().unwrap().pop_front() {
        Some((status, body)) => {
            let id = body_of(request)["id"].to_string();
            Ok(Response::new(status, body.replace(SAME_ID, &id)))
        }
        None => Err(Fault::new(FaultKind::Timeout, "no answer")),
    })
}

/// The calls, as they were sent.
pub(super) fn calls(server: &System) -> Vec<Value> {
    server.asked().iter().map(body_of).collect()
}

/// The method and the arguments of a call.
pub(super) fn call(server: &System, index: usize) -> (String, Value) {
    let call = calls(server).swap_remove(index);
    (call["method"].as_str().unwrap().to_owned(), call["args"].clone())
}

fn body_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}
