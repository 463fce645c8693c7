//! The requests to an OctoPrint server, and its answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_interop::python::{json, stored};
use isogloss_interop::{password, percent};
use serde_json::{Map, Value};

use crate::backend::fault::{impossible, key_refused, of_status, unexpected, unsupported};
use crate::backend::lately::Lately;
use crate::options::version::{Differences, Version};
use crate::wire::values::is_addressable;

/// Where the server says its version, to callers with a valid key.
const VERSION: &str = "/api/version";
/// The plugin of application keys.
const APPKEYS: &str = "/api/plugin/appkeys";
/// The groups.
const GROUPS: &str = "/api/access/groups";
/// Where a password is checked.
pub(super) const LOGIN: &str = "/api/login";

/// The API of an OctoPrint server.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    key: Secret,
    namespace: IdNamespace,
    version: &'static Differences,
    random: fn() -> [u8; 32],
    clock: fn() -> Instant,
    /// The CSRF token that the server last gave.
    csrf: Mutex<Option<CsrfPair>>,
    /// What the server last said of itself, and when.
    pub(super) facts: Lately<Attributes>,
    /// The groups that the server last listed.
    pub(super) groups: Lately<Value>,
}

/// The name and the value of the cookie with a CSRF token. `None`: the server has none.
pub(super) type CsrfPair = Option<(String, String)>;

/// The answer to a request that the server understood: its data, or why it was refused.
pub(super) type Reply = Result<Value, Refused>;

/// Why the server refused a request.
#[derive(Debug)]
pub(super) enum Refused {
    /// The API says that there is no such user.
    Absent,
    /// A 404 that is not the API's. Older servers send their page for a user who does not exist, but
    /// a proxy in between can send one too.
    PageNotFound,
    /// The name is taken.
    Taken,
    /// A value is wrong, as this sentence says.
    Value(String),
}

impl Api {
    /// The API of a server, called with the gateway's own key.
    pub(super) fn new(upstream: Arc<dyn Upstream>, service: &Service) -> Self {
        Self {
            upstream,
            key: service.secret.clone(),
            namespace: service.namespace.clone(),
            version: Version::named(service.version.as_deref()).differences(),
            random: service.random,
            clock: service.clock,
            csrf: Mutex::default(),
            facts: Lately::default(),
            groups: Lately::default(),
        }
    }

    /// What differs in the server's version.
    pub(super) fn version(&self) -> &'static Differences {
        self.version
    }

    /// The id namespace of the server's users.
    pub(super) fn namespace(&self) -> &IdNamespace {
        &self.namespace
    }

    /// The time, for the age of what the server said.
    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    /// A random password, for a user who is to have none.
    pub(super) fn random_password(&self) -> Secret {
        password::unknown(&(self.random)())
    }

    /// The user name, which is the id.
    pub(super) fn name<'a>(&self, user: &'a UserRef) -> Result<&'a str, Fault> {
        match user {
            UserRef::Name(name) => Ok(name),
            UserRef::Native(namespace, name) if *namespace == self.namespace => Ok(name),
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                Err(unsupported(Verb::GetUser))
            }
        }
    }

    /// Reads below the path of the users; the empty path is the list.
    pub(super) async fn get(&self, path: &str) -> Result<Reply, Fault> {
        read(&self.upstream.send(self.with_key("GET", path)).await?)
    }

    /// Deletes below the path of the users.
    pub(super) async fn delete(&self, path: &str) -> Result<Reply, Fault> {
        read(&self.upstream.send(self.with_key("DELETE", path)).await?)
    }

    /// Creates a user, at the empty path, or something of a user's.
    pub(super) async fn post(&self, path: &str, body: &Map<String, Value>) -> Result<Reply, Fault> {
        self.send("POST", path, body).await
    }

    /// Reads from the plugin of application keys.
    pub(super) async fn get_appkeys(&self, query: String) -> Result<Reply, Fault> {
        let request = Request { query: Some(query), ..request("GET", APPKEYS) };
        read(&self.upstream.send(self.with_own_key(request)).await?)
    }

    /// Sends a command to the plugin of application keys.
    pub(super) async fn post_appkeys(&self, body: &Value) -> Result<Reply, Fault> {
        let request = request("POST", APPKEYS).carrying("application/json", body.to_string());
        read(&self.upstream.send(self.with_own_key(request)).await?)
    }

    /// Changes a user, or something of theirs.
    pub(super) async fn put(&self, path: &str, body: &Map<String, Value>) -> Result<Reply, Fault> {
        self.send("PUT", path, body).await
    }

    /// Reads the groups.
    pub(super) async fn get_groups(&self) -> Result<Reply, Fault> {
        read(&self.upstream.send(self.with_own_key(request("GET", GROUPS))).await?)
    }

    /// Creates a group, at the empty path, or changes or deletes one.
    pub(super) async fn change_groups(
        &self,
        method: &str,
        path: &str,
        body: Option<&Map<String, Value>>,
    ) -> Result<Reply, Fault> {
        let request = self.with_own_key(request(method, format!("{GROUPS}{path}")));
        let request = match body {
            Some(body) => {
                request.carrying("application/json", Value::Object(body.clone()).to_string())
            }
            None => request,
        };
        self.groups.forget();
        let response = self.upstream.send(request).await;
        self.groups.forget();
        read(&response?)
    }

    /// Merges settings, in JSON, into those of the user at this path.
    pub(super) async fn patch_settings(&self, user: &str, body: String) -> Result<Reply, Fault> {
        let request = self.with_key("PATCH", &format!("{user}/settings"));
        read(&self.upstream.send(request.carrying("application/json", body)).await?)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: &Map<String, Value>,
    ) -> Result<Reply, Fault> {
        let body = Value::Object(body.clone()).to_string();
        let request = self.with_key(method, path).carrying("application/json", body);
        read(&self.upstream.send(request).await?)
    }

    /// The gateway's own key.
    pub(super) fn key(&self) -> &Secret {
        &self.key
    }

    /// Whether the server takes a key.
    pub(super) async fn accepts(&self, key: &Secret) -> Result<bool, Fault> {
        match self.upstream.send(keyed(request("GET", VERSION), key)).await?.status {
            200 => Ok(true),
            401 | 403 => Ok(false),
            status => Err(of_status(status)),
        }
    }

    /// The CSRF token that the server last gave. `None`: it was not asked for one yet.
    pub(super) fn last_csrf(&self) -> Option<CsrfPair> {
        self.csrf.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a CSRF token for the next login.
    pub(super) fn keep_csrf(&self, pair: CsrfPair) {
        *self.csrf.lock().unwrap_or_else(PoisonError::into_inner) = Some(pair);
    }

    /// A request with the gateway's own key.
    pub(super) fn with_own_key(&self, request: Request) -> Request {
        keyed(request, &self.key)
    }

    /// Sends a request with the credentials that a caller showed, and with the caller's address.
    pub(super) async fn send_for_caller(&self, request: Request) -> Result<Response, Fault> {
        self.upstream.send_for_caller(request).await
    }

    /// Sends a request as it is.
    pub(super) async fn send_as_it_is(&self, request: Request) -> Result<Response, Fault> {
        self.upstream.send(request).await
    }

    fn with_key(&self, method: &str, path: &str) -> Request {
        let path = format!("{}{path}", self.version.users);
        self.with_own_key(request(method, path))
    }
}

/// A request with a key.
pub(super) fn keyed(request: Request, key: &Secret) -> Request {
    request.with("x-api-key", key.expose().to_owned())
}

/// A request. 1.9 closes each connection after its answer without saying so, and loses what is sent on
/// it then. The gateway repeats a read that was lost. A change gets a connection of its own.
pub(super) fn request(method: &str, path: impl Into<String>) -> Request {
    let request = Request::to(method, path);
    if method == "GET" { request } else { request.with("connection", "close") }
}

/// The body of an answer, if it is an object.
pub(super) fn object(response: &Response) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&response.body) {
        Ok(Value::Object(body)) => Some(body),
        _ => None,
    }
}

/// The sentence of an error of the API.
fn sentence(response: &Response) -> Option<String> {
    let mut body = object(response)?;
    match (body.remove("error"), body.is_empty()) {
        (Some(Value::String(sentence)), true) => Some(sentence),
        _ => None,
    }
}

/// Whether a body has the letter U+0000, which stored JSON uses for marks ([`stored`]).
fn has_zero(body: &[u8]) -> bool {
    const ZERO: &[u8] = br"\u0000";
    body.windows(ZERO.len()).any(|part| part == ZERO)
}

fn read(response: &Response) -> Result<Reply, Fault> {
    match response.status {
        200 => match serde_json::from_slice(&response.body) {
            Ok(data) if has_zero(&response.body) => Ok(Ok(stored::of_plain(&data))),
            Ok(data) => Ok(Ok(data)),
            // 1.3.0 writes NaN: `fixtures/transcripts/octoprint13/users-settings-nan.json` has the
            // request.
            Err(error) => match json::read::read(&response.body) {
                Ok(data) => Ok(Ok(stored::to_json(&data))),
                Err(_) => Err(unexpected("the answer is no JSON").because(error)),
            },
        },
        204 => Ok(Ok(Value::Null)),
        400 => {
            // Older servers send their sentence as plain text.
            let text = || String::from_utf8_lossy(&response.body).into_owned();
            let sentence = sentence(response).unwrap_or_else(text);
            // The server takes a write with an unknown key for a browser's:
            // `fixtures/transcripts/octoprint/auth-missing.json`.
            if sentence.contains("CSRF") {
                return Err(key_refused());
            }
            Ok(Err(Refused::Value(sentence)))
        }
        404 if sentence(response).is_some() => Ok(Err(Refused::Absent)),
        404 => Ok(Err(Refused::PageNotFound)),
        409 => Ok(Err(Refused::Taken)),
        status => Err(of_status(status)),
    }
}

/// The path of a user below the path of the users. `None`: the server cannot address this name. It
/// takes an encoded slash for a slash
/// (`fixtures/transcripts/octoprint/users-create-slash.json`), and HTTP removes dots.
pub(super) fn path_of(name: &str) -> Option<String> {
    is_addressable(name).then(|| format!("/{}", percent::encode_segment(name)))
}

/// The path of a user, for a change: a user without one cannot be changed.
pub(super) fn required_path_of(name: &str) -> Result<String, Fault> {
    let detail = "the server cannot address this name";
    path_of(name).ok_or_else(|| impossible(Subject::Username, detail))
}
