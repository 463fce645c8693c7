//! The requests of each dialect in this process, and the class of each answer. What the clients send
//! is in `[calls]` of `fixtures/systems/`.

use isogloss::registry;
use isogloss_canonical::http::{self, Response};
pub(crate) use isogloss_testkit::calls::answers::Class;
use isogloss_testkit::calls::{Call, Caller, Calls, Request};
use isogloss_testkit::contract::requests;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::variables::Variables;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::fixtures;

/// A request to one of the dialects.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) dialect: &'static str,
    pub(crate) version: Option<&'static str>,
    pub(crate) request: http::Request,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) dialect: &'static str,
    pub(crate) status: u16,
    /// The names and values of the cookies that it sets.
    pub(crate) cookies: Vec<String>,
    /// Where it leads to; empty: nowhere.
    pub(crate) location: String,
    pub(crate) text: String,
    /// The body as JSON. Null if it is not JSON.
    pub(crate) json: Value,
}

/// The calls of every dialect, in the order of the registry.
pub(crate) fn all() -> &'static [Calls] {
    let dialects = registry::dialects().map(|adapter| adapter.name);
    Facts::all_calls(&fixtures("."), dialects).unwrap()
}

/// The calls of a dialect.
pub(crate) fn of(dialect: &str) -> &'static Calls {
    all().iter().find(|calls| calls.dialect == dialect).unwrap()
}

impl Answer {
    pub(crate) fn of(dialect: &'static str, response: &Response) -> Self {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        let set =
            response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        let pair = |value: &str| value.split(';').next().unwrap_or_default().to_owned();
        let cookies = set.map(|(_, value)| pair(value)).collect();
        let location = response.headers.iter().find(|(name, _)| name == "Location");
        let location = location.map(|(_, value)| value.clone()).unwrap_or_default();
        Self { dialect, status: response.status, cookies, location, text, json }
    }

    /// The class of this answer.
    pub(crate) fn class(&self) -> Class {
        of(self.dialect).answers.class(self.status, &self.text, &self.json)
    }

    /// Whether it says that the name of a new user exists already.
    pub(crate) fn is_taken(&self) -> bool {
        of(self.dialect).answers.is_taken(self.status, &self.text, &self.json)
    }

    /// Whether it is the dialect's error for a fault that the caller has not caused.
    pub(crate) fn is_outage(&self) -> bool {
        of(self.dialect).answers.is_outage(self.status, &self.text, &self.json)
    }
}

impl Asked {
    /// A request that has the form of a transcript's.
    pub(crate) fn from(calls: &'static Calls, request: &Request) -> Self {
        let request = requests::request(request, &Variables::default()).unwrap();
        let request = http::Request { received: Timestamp::now(), ..request };
        Self { dialect: &calls.dialect, version: None, request }
    }

    /// Adds cookies that were set before.
    pub(crate) fn within(mut self, cookies: &[String]) -> Self {
        self.request = self.request.with("cookie", cookies.join("; "));
        self
    }

    /// Gives it another body.
    pub(crate) fn carrying(mut self, content_type: &'static str, body: String) -> Self {
        self.request.headers.retain(|(name, _)| !name.starts_with("content-"));
        self.request = self.request.with("content-length", body.len().to_string());
        self.request = self.request.carrying(content_type, body);
        self
    }

    /// Selects another version than the newest.
    pub(crate) fn by(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }
}

/// The request for a method of a dialect.
pub(crate) fn method(dialect: &str, caller: Caller<'_>, method: &str, args: &Value) -> Asked {
    let calls = of(dialect);
    Asked::from(calls, &calls.method(caller, method, args).unwrap())
}

/// The request of a call.
pub(crate) fn request(
    calls: &'static Calls,
    caller: Caller<'_>,
    call: &Call,
    about: &Variables,
) -> Asked {
    Asked::from(calls, &calls.request(caller, call, about).unwrap())
}

/// A percent-encoded text for a path or a form.
pub(crate) fn quoted(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
