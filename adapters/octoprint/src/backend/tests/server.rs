//! Servers that play a recording.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_testkit::scripted::upstream::service;
use serde_json::Value;

use crate::backend::make;

/// The suffix of a real server's cookies.
const PORT: &str = "_P5000";

/// A backend in front of a server, with this key.
pub(super) fn keyed(server: &Arc<impl Upstream + 'static>, key: &str) -> Arc<dyn Backend> {
    of(server, key, None)
}

/// A backend in front of a server, with the administrator's key.
pub(super) fn backend(server: &Arc<impl Upstream + 'static>) -> Arc<dyn Backend> {
    keyed(server, "admin_key")
}

/// A backend in front of a server of an older version.
pub(super) fn older(server: &Arc<impl Upstream + 'static>, version: &str) -> Arc<dyn Backend> {
    of(server, "admin_key", Some(version))
}

fn of(server: &Arc<impl Upstream + 'static>, key: &str, version: Option<&str>) -> Arc<dyn Backend> {
    made(Arc::new(WithoutApps(Arc::clone(server) as Arc<dyn Upstream>)), key, version)
}

/// A backend in front of a server that answers for the plugin of application keys itself.
pub(super) fn with_apps(
    server: &Arc<impl Upstream + 'static>,
    version: Option<&str>,
) -> Arc<dyn Backend> {
    made(Arc::clone(server) as Arc<dyn Upstream>, "admin_key", version)
}

fn made(upstream: Arc<dyn Upstream>, key: &str, version: Option<&str>) -> Arc<dyn Backend> {
    let service = Service {
        version: version.map(str::to_owned),
        ..service(IdNamespace::named("octoprint"), key)
    };
    make(&service, upstream)
}

/// A server on which no application has a key.
#[derive(Debug)]
struct WithoutApps(Arc<dyn Upstream>);

#[async_trait]
impl Upstream for WithoutApps {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        if request.path == "/api/plugin/appkeys" {
            return Ok(Response::new(200, r#"{"keys":[],"pending":{}}"#));
        }
        self.0.send(request).await
    }
}

/// Plays a recorded scenario backwards: it answers a request only if the real server was recorded
/// answering it, in this order. A `GET` does not advance, and pages are answered at any time.
#[derive(Debug)]
pub(super) struct Recorded {
    exchanges: Vec<Value>,
    at: Mutex<usize>,
}

impl Recorded {
    /// Loads a scenario. Each of its variables has its own name as its value.
    pub(super) fn scenario(name: &str) -> Arc<Self> {
        Self::of("octoprint", name)
    }

    /// Loads a scenario of a collection.
    pub(super) fn of(collection: &str, name: &str) -> Arc<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transcripts");
        let text = fs::read_to_string(folder.join(format!("{collection}/{name}.json"))).unwrap();
        let text = text.replace("{{", "").replace("}}", "");
        let mut scenario: Value = serde_json::from_str(&text).unwrap();
        let exchanges = scenario["exchanges"].as_array_mut().map(std::mem::take).unwrap();
        Arc::new(Self { exchanges, at: Mutex::default() })
    }

    /// Skips everything up to the exchange of this name, and that one too.
    pub(super) fn skip(&self, name: &str) {
        let at = self.exchanges.iter().position(|one| one["name"] == name).unwrap();
        *self.at.lock().unwrap() = at + 1;
    }
}

#[async_trait]
impl Upstream for Recorded {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let mut at = self.at.lock().unwrap();
        let from = if request.path.starts_with("/api/") { *at } else { 0 };
        let rest = self.exchanges.iter().enumerate().skip(from);
        let found = rest.into_iter().find(|(_, one)| same(&request, &one["request"]));
        let Some((index, exchange)) = found else {
            panic!("never recorded after {at}: {request:?}")
        };
        if request.method != "GET" {
            *at = index + 1;
        }
        Ok(answer(&exchange["response"]))
    }
}

fn answer(recorded: &Value) -> Response {
    let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
    let text = recorded.get("text").and_then(Value::as_str).unwrap_or_default();
    let body = recorded.get("json").map_or_else(|| text.to_owned(), Value::to_string);
    let headers = recorded.get("headers").and_then(Value::as_object).into_iter().flatten();
    let cookies = headers.filter_map(|(name, _)| name.strip_prefix("set-cookie/"));
    cookies.fold(Response::new(status, body), |response, name| {
        let value = if name == "csrf_token" { "csrf" } else { "another" };
        response.with("set-cookie", format!("{name}{PORT}={value}; Path=/; SameSite=Lax"))
    })
}

/// Whether a request is the one that was recorded: verb, path, every header, and the body.
fn same(request: &Request, recorded: &Value) -> bool {
    let lower = |(name, value): (&String, &Value)| {
        (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned())
    };
    let wanted = recorded.get("headers").and_then(Value::as_object).into_iter().flatten();
    let mut wanted: Vec<_> = wanted.map(lower).collect();
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap().replace(PORT, "");
    let about_us = |name: &str| !["content-type", "connection"].contains(&name);
    let sent = request.headers.iter().filter(|(name, _)| about_us(name));
    let mut sent: Vec<_> = sent.map(|(name, value)| (name.clone(), text(value))).collect();
    wanted.sort();
    sent.sort();
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let json = request.header("content-type") == Some("application/json");
    recorded["method"] == request.method
        && recorded["path"] == request.path
        && request.query.is_none()
        && sent == wanted
        && json == body.is_some()
        && body.as_ref() == recorded.get("json")
}

/// The verb, the path and the body of each request.
pub(super) fn asked(requests: &[Request]) -> Vec<String> {
    let line = |request: &Request| {
        let body = str::from_utf8(&request.body).unwrap();
        format!("{} {} {body}", request.method, request.path).trim_end().to_owned()
    };
    requests.iter().map(line).collect()
}
