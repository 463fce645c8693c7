//! Requests to an OctoPrint server, and what its answers come to.

use std::fmt::Write;
use std::sync::Arc;

use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use serde_json::{Map, Value, json};

use crate::backend::row::Row;

/// The page that hands out a CSRF pair, and the name of its cookie up to the port.
const PAGE: (&str, &str) = ("/login/", "csrf_token");
/// Where the server says who asks.
const CURRENT: &str = "/api/currentuser";
/// Where a password is tried.
const LOGIN: &str = "/api/login";
/// What servers before 1.5 say of a login that fails, in plain text.
const WRONG: [&str; 2] = ["User unknown or password incorrect", "Your account is deactivated"];

/// An OctoPrint server's API.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    people: &'static str,
    key: Secret,
}

/// What the server says to a request that it understood.
#[derive(Debug)]
pub(super) enum Said {
    /// What was asked for.
    Data(Value),
    /// There is nobody of that name.
    Absent,
    /// Something is not there, in words that are not the API's: older servers answer with their
    /// page for it, and so does whatever else may stand in the way.
    Lost,
    /// The name is taken.
    Taken,
    /// A value is refused, in these words.
    Refused(String),
}

impl Api {
    /// Calls with this key; people are at this path.
    pub(super) fn new(upstream: Arc<dyn Upstream>, people: &'static str, key: &Secret) -> Self {
        Self { upstream, people, key: key.clone() }
    }

    /// Asks about people (an empty tail), a person, or something of theirs.
    pub(super) async fn get(&self, tail: &str) -> Result<Said, Fault> {
        said(&self.upstream.send(self.keyed("GET", tail)).await?)
    }

    /// Deletes a person.
    pub(super) async fn delete(&self, tail: &str) -> Result<Said, Fault> {
        said(&self.upstream.send(self.keyed("DELETE", tail)).await?)
    }

    /// Says something of people, a person, or something of theirs.
    pub(super) async fn say(
        &self,
        method: &str,
        tail: &str,
        body: &Map<String, Value>,
    ) -> Result<Said, Fault> {
        let body = Value::Object(body.clone()).to_string();
        let request = self.keyed(method, tail).carrying("application/json", body);
        said(&self.upstream.send(request).await?)
    }

    /// Whose key this is: a name, or nobody's.
    pub(super) async fn owner_of(&self, key: &Secret) -> Result<Option<String>, Fault> {
        let ask = request("GET", CURRENT).with("x-api-key", key.expose().to_owned());
        let response = self.upstream.send(ask).await?;
        match (response.status, parsed(&response).and_then(|mut body| body.remove("name"))) {
            (200, Some(Value::String(name))) => Ok(Some(name)),
            (200, Some(Value::Null)) | (403, _) => Ok(None),
            (200, _) => Err(unexpected("the current user has no name")),
            (status, _) => Err(status_fault(status)),
        }
    }

    /// Whose key the gateway calls with, if the server has a place that says so.
    pub(super) async fn own_name(&self) -> Result<Option<String>, Fault> {
        let ask = request("GET", CURRENT).with("x-api-key", self.key.expose().to_owned());
        let response = self.upstream.send(ask).await?;
        match (response.status, parsed(&response).and_then(|mut body| body.remove("name"))) {
            (200, Some(Value::String(name))) => Ok(Some(name)),
            (404, _) => Ok(None),
            // Whoever comes with a key that is unknown is a guest.
            (200, Some(Value::Null)) => Err(unavailable("it refuses the gateway's own key")),
            (200, _) => Err(unexpected("the current user has no name")),
            (status, _) => Err(status_fault(status)),
        }
    }

    /// Whether this is the key that the gateway calls with.
    pub(super) fn is_own(&self, key: &Secret) -> bool {
        self.key == *key
    }

    fn keyed(&self, method: &str, tail: &str) -> Request {
        let path = format!("{}{tail}", self.people);
        request(method, path).with("x-api-key", self.key.expose().to_owned())
    }

    /// Whether the server lets somebody in with this password. It is asked as a browser asks it,
    /// without the gateway's key: a key that is refused looks like a wrong password on older
    /// servers, and signing in with the owner's key skips a second factor.
    pub(super) async fn lets_in(&self, user: &str, password: &Secret) -> Result<bool, Fault> {
        let body = json!({"user": user, "pass": password.expose()}).to_string();
        let mut login = request("POST", LOGIN).carrying("application/json", body);
        if let Some((name, token)) = self.csrf_pair().await? {
            login = login.with("cookie", format!("{name}={token}")).with("x-csrf-token", token);
        }
        let response = self.upstream.send(login).await?;
        match response.status {
            200 => match Row::read(&parsed(&response).map_or(Value::Null, Value::Object))? {
                row if row.name == user && row.active => Ok(true),
                _ => Err(unexpected("the login lets in somebody else")),
            },
            403 => wrong(&response),
            status => Err(status_fault(status)),
        }
    }

    /// The cookie and the token that a login takes; older servers have none, and before 1.4
    /// there is no such page.
    async fn csrf_pair(&self) -> Result<Option<(String, String)>, Fault> {
        let (path, cookie) = PAGE;
        let response = self.upstream.send(request("GET", path)).await?;
        if !matches!(response.status, 200 | 404) {
            return Err(status_fault(response.status));
        }
        let set = response.headers.iter().filter(|(name, _)| name == "set-cookie");
        let pairs = set.filter_map(|(_, value)| value.split(';').next()?.split_once('='));
        let mut ours = pairs.filter(|(name, _)| name.trim().starts_with(cookie));
        Ok(ours.next().map(|(name, token)| (name.trim().to_owned(), token.trim().to_owned())))
    }
}

/// A request on a connection of its own: 1.9 closes each after its answer without saying so, and
/// whatever is sent on it then is lost.
fn request(method: &str, path: impl Into<String>) -> Request {
    Request::to(method, path).with("connection", "close")
}

/// A refused login: a wrong password, or a right one that is not enough.
fn wrong(response: &Response) -> Result<bool, Fault> {
    if let Some(body) = parsed(response) {
        return match body.get("error") {
            Some(Value::String(_)) if body.contains_key("mfa") => {
                Err(Fault::refused(Refusal::SecondFactor))
            }
            Some(Value::String(_)) => Ok(false),
            _ => Err(unexpected("the login refuses without a word")),
        };
    }
    let text = String::from_utf8_lossy(&response.body);
    if WRONG.contains(&text.trim()) { Ok(false) } else { Err(status_fault(403)) }
}

fn parsed(response: &Response) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&response.body) {
        Ok(Value::Object(body)) => Some(body),
        _ => None,
    }
}

/// The sentence of an error; older servers answer it as plain text.
fn sentence(response: &Response) -> Option<String> {
    let mut body = parsed(response)?;
    match (body.remove("error"), body.is_empty()) {
        (Some(Value::String(sentence)), true) => Some(sentence),
        _ => None,
    }
}

fn said(response: &Response) -> Result<Said, Fault> {
    match response.status {
        200 => match serde_json::from_slice(&response.body) {
            Ok(data) => Ok(Said::Data(data)),
            Err(error) => Err(unexpected("it answers no JSON").because(error)),
        },
        400 => {
            let text = || String::from_utf8_lossy(&response.body).into_owned();
            let words = sentence(response).unwrap_or_else(text);
            // A write whose key is unknown is taken for a browser's
            // (`fixtures/transcripts/octoprint/auth-missing.json`).
            if words.contains("CSRF") {
                return Err(unavailable("it refuses the gateway's own key"));
            }
            Ok(Said::Refused(words))
        }
        404 => Ok(if sentence(response).is_some() { Said::Absent } else { Said::Lost }),
        409 => Ok(Said::Taken),
        status => Err(status_fault(status)),
    }
}

/// A status that says nothing about people.
fn status_fault(status: u16) -> Fault {
    match status {
        401 | 403 => unavailable("it refuses the gateway's own key"),
        429 => Fault::new(FaultKind::Throttled, "it was asked too often"),
        500.. => unavailable("it answers with an error status"),
        _ => unexpected("it answers with a status of another kind"),
    }
}

/// A segment of a path; `None` for a name that cannot be one. A slash is taken for one even if it
/// is encoded (`fixtures/transcripts/octoprint/users-create-slash.json`), and dots go away.
pub(super) fn segment(name: &str) -> Option<String> {
    if name.is_empty() || name.contains('/') || [".", ".."].contains(&name) {
        return None;
    }
    let mut out = String::with_capacity(name.len() + 1);
    out.push('/');
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(out, "%{byte:02X}").unwrap_or_default();
        }
    }
    Some(out)
}

fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}
