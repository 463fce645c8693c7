//! Calls to a Dandelion server: forms that it decodes twice, and the envelope of its answers.

use std::fmt::Write;
use std::sync::Arc;

use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use serde_json::{Map, Value};

use crate::backend::row::number;

/// What is said of a key that opens nothing.
pub(super) const REFUSED: &str = "it refuses the gateway's own key or right";
/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// What stands for nothing, as status and as data.
const NOTHING: &str = "Completed";

/// A Dandelion server's API.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    key: Secret,
}

/// The parameters of a call.
pub(super) type Given<'a> = Vec<(&'static str, &'a str)>;

/// What the server says to a call that it understood.
#[derive(Debug)]
pub(super) enum Said {
    /// What was asked for.
    Data(Value),
    /// There is nothing to show.
    Nothing,
    /// The method refuses.
    Refused,
    /// Its database refused: a duplicate, an unknown id or an outage, all alike. The fault is what
    /// it comes to unless a further look says more.
    Broken(Fault),
}

impl Api {
    /// Calls with this key.
    pub(super) fn new(upstream: Arc<dyn Upstream>, key: &Secret) -> Self {
        Self { upstream, key: key.clone() }
    }

    /// The same server, called with a caller's own key.
    pub(super) fn with(&self, key: &Secret) -> Self {
        Self::new(Arc::clone(&self.upstream), key)
    }

    /// Asks a method that takes its parameters from the query.
    pub(super) async fn get(&self, method: &str, given: Given<'_>) -> Result<Said, Fault> {
        let query = form(&self.keyed(given));
        let request = Request { query: Some(query), ..Request::to("GET", path(method)) };
        said(&self.upstream.send(request).await?)
    }

    /// Asks a method that takes its parameters from a form.
    pub(super) async fn post(&self, method: &str, given: Given<'_>) -> Result<Said, Fault> {
        let body = form(&self.keyed(given));
        let request = Request::to("POST", path(method)).carrying(FORM, body);
        said(&self.upstream.send(request).await?)
    }

    /// Whether the server lets somebody in with this password: `false`, or a number that says what
    /// they are asked next (`fixtures/transcripts/dandelion/resetpassword.json`).
    ///
    /// Dandelion's own clients encode a password once, so that what people know as `a+b` is `a b`
    /// there; such a one is tried their way too.
    pub(super) async fn lets_in(&self, user: &str, password: &Secret) -> Result<bool, Fault> {
        let text = password.expose();
        if self.login(user, &twice(text)).await? {
            return Ok(true);
        }
        let otherwise = text.contains(['+', '%']);
        Ok(otherwise && self.login(user, &twice(text).replace("%25", "%")).await?)
    }

    async fn login(&self, user: &str, password: &str) -> Result<bool, Fault> {
        let body = format!("{}&pass={password}", form(&[("user", user)]));
        let request = Request::to("POST", "/login").carrying(FORM, body);
        let response = self.upstream.send(request).await?;
        if response.status != 200 {
            return Err(unavailable("the login answers with an error status"));
        }
        match std::str::from_utf8(&response.body).map(str::trim) {
            Ok("false") => Ok(false),
            Ok(prompt) if prompt.parse::<i16>().is_ok() => Ok(true),
            _ => Err(unexpected("the login answers neither false nor a number")),
        }
    }

    fn keyed<'a>(&'a self, given: Given<'a>) -> Given<'a> {
        [("apikey", self.key.expose())].into_iter().chain(given).collect()
    }
}

fn path(method: &str) -> String {
    format!("/api/{method}")
}

fn form(given: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        given.iter().map(|(name, value)| format!("{name}={}", twice(value))).collect();
    pairs.join("&")
}

/// Encodes a value twice, as the server decodes it
/// (`fixtures/transcripts/dandelion/resetpassword.json`).
fn twice(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(out, "%25{byte:02X}").unwrap_or_default();
        }
    }
    out
}

/// Reads an answer. An error of the gateway's own key or right is none of the caller's.
fn said(response: &Response) -> Result<Said, Fault> {
    if response.status == 500 && response.body.is_empty() {
        // 6.1.1 as released loses nearly every error's words
        // (`fixtures/transcripts/dandelion-as-shipped/as-shipped-errors.json`).
        return Ok(Said::Broken(unavailable("it fails without a word")));
    }
    if !matches!(response.status, 200 | 400 | 405 | 500) {
        return Err(unavailable("it answers with an error status"));
    }
    let Ok(Value::Object(envelope)) = serde_json::from_slice::<Value>(&response.body) else {
        return Err(match response.status {
            200 => unexpected("it answers no JSON object"),
            _ => unavailable("it answers with an error status"),
        });
    };
    let code = envelope.get("errorcode").and_then(number);
    match (response.status, code) {
        (200, Some(0)) => data(envelope),
        (200 | 500, Some(1..=4)) => Err(unavailable(REFUSED)),
        (200, Some(5)) => Ok(Said::Refused),
        (500, Some(6)) => Ok(Said::Broken(unexpected("its database refuses"))),
        _ => Err(unexpected("it does not understand the call")),
    }
}

fn data(mut envelope: Map<String, Value>) -> Result<Said, Fault> {
    if envelope.get("status").and_then(Value::as_str) != Some(NOTHING) {
        return Err(unexpected("a success that is not completed"));
    }
    match envelope.remove("data") {
        Some(Value::String(text)) if text == NOTHING => Ok(Said::Nothing),
        Some(data) => Ok(Said::Data(data)),
        None => Err(unexpected("an answer without data")),
    }
}

pub(super) fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::php::form::Form;

    #[test]
    fn values_arrive_as_they_were() {
        for text in ["", "a+b %41&=", "é漢😀", "100%25", "a\0b\r\n", "-._~", " "] {
            let sent = form(&[("apikey", "k"), ("pw", text)]);
            assert_eq!(Form::read(sent.as_bytes()).text("pw"), Some(text), "{sent}");
        }
    }
}
