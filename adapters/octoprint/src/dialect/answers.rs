//! Answers as Flask and Tornado word them.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;

use crate::pyjson::{NotANumber, Py, TypeError, write};
use crate::rights::Cyclic;

/// A handler's answer, or why there is none.
pub(crate) type Reply = Result<Response, Refusal>;

/// Why a request is refused: a status and a sentence of its own, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: u16,
    /// The sentence; `None`: the framework's own for that status.
    pub(crate) sentence: Option<Cow<'static, str>>,
}

/// Refuses with the framework's own sentence.
pub(crate) const fn abort(status: u16) -> Refusal {
    Refusal { status, sentence: None }
}

/// Refuses with a sentence.
pub(crate) const fn abort_with(status: u16, sentence: &'static str) -> Refusal {
    Refusal { status, sentence: Some(Cow::Borrowed(sentence)) }
}

/// An exception that nobody catches.
pub(crate) const CRASH: Refusal = abort(500);

impl From<TypeError> for Refusal {
    fn from(_: TypeError) -> Self {
        CRASH
    }
}

impl From<Cyclic> for Refusal {
    fn from(_: Cyclic) -> Self {
        CRASH
    }
}

impl From<NotANumber> for Refusal {
    fn from(_: NotANumber) -> Self {
        CRASH
    }
}

/// An outage is never worded as absence.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        abort(match fault.kind {
            FaultKind::Malformed | FaultKind::Invalid | FaultKind::TooLarge => 400,
            FaultKind::Unauthenticated | FaultKind::Forbidden => 403,
            FaultKind::UnknownMethod | FaultKind::NotFound => 404,
            FaultKind::Conflict => 409,
            FaultKind::Throttled => 429,
            FaultKind::Unsupported => 501,
            FaultKind::Unavailable => 503,
            FaultKind::Timeout => 504,
            FaultKind::Unexpected => 500,
        })
    }
}

/// A status, its name and the framework's own sentence for it.
const STATUSES: &[(u16, &str, &str)] = &[
    (
        400,
        "Bad Request",
        "The browser (or proxy) sent a request that this server could not understand.",
    ),
    (
        403,
        "Forbidden",
        "You don't have the permission to access the requested resource. It is either read-protected or not readable by the server.",
    ),
    (
        404,
        "Not Found",
        "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
    ),
    (405, "Method Not Allowed", "The method is not allowed for the requested URL."),
    (
        409,
        "Conflict",
        "A conflict happened while processing the request. The resource might have been modified while the request was being processed.",
    ),
    (
        415,
        "Unsupported Media Type",
        "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
    ),
    (
        429,
        "Too Many Requests",
        "This user has exceeded an allotted request count. Try again later.",
    ),
    (
        500,
        "Internal Server Error",
        "The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.",
    ),
    (501, "Not Implemented", "The server does not support the action requested by the browser."),
    (
        503,
        "Service Unavailable",
        "The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later.",
    ),
    (504, "Gateway Timeout", "The connection to an upstream server timed out."),
];

impl Refusal {
    fn words(&self) -> (&'static str, &str) {
        let row = STATUSES.iter().find(|row| row.0 == self.status);
        let (_, name, usual) = row.copied().unwrap_or(STATUSES[7]);
        (name, self.sentence.as_deref().unwrap_or(usual))
    }

    /// As the API says it.
    pub(crate) fn json(&self) -> Response {
        let body = Py::dict([("error", Py::text(self.words().1))]);
        Response::new(self.status, write(&body).unwrap_or_default()).with(TYPE, JSON)
    }

    /// As pages say it.
    pub(crate) fn page(&self) -> Response {
        let (name, sentence) = self.words();
        let status = self.status;
        let body = format!(
            "<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n<p>{}</p>\n",
            escaped(sentence)
        );
        Response::new(status, body).with(TYPE, HTML)
    }
}

const TYPE: &str = "Content-Type";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// An answer in JSON.
pub(crate) fn json(body: &Py) -> Reply {
    json_as(200, body)
}

/// An answer in JSON with another status.
pub(crate) fn json_as(status: u16, body: &Py) -> Reply {
    Ok(Response::new(status, write(body)?).with(TYPE, JSON))
}

/// `{}`: done.
pub(crate) fn success() -> Reply {
    json(&Py::Dict(Vec::new()))
}

/// Done, and there is nothing to say.
pub(crate) fn no_content() -> Response {
    Response::new(204, "").with(TYPE, "text/plain")
}

/// A page.
pub(crate) fn page(body: impl Into<String>) -> Response {
    Response::new(200, body.into()).with(TYPE, HTML)
}

/// What may be done with a path.
pub(crate) fn options(verbs: &[&str]) -> Response {
    Response::new(200, "").with(TYPE, HTML).with("Allow", verbs.join(", "))
}

/// The longest address that is pointed to: it is shown three times, and escaped.
const LONGEST_LOCATION: usize = 8 * 1024;

/// Elsewhere.
pub(crate) fn redirect(status: u16, location: &str) -> Response {
    if location.len() > LONGEST_LOCATION {
        return abort(400).page();
    }
    let shown = escaped(location);
    let body = format!(
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n\
         <p>You should be redirected automatically to the target URL: \
         <a href=\"{shown}\">{shown}</a>. If not, click the link.\n"
    );
    Response::new(status, body).with(TYPE, HTML).with("Location", location)
}

/// A verb that not even the web server knows.
pub(crate) fn unknown_verb() -> Response {
    let body =
        "<html><title>405: Method Not Allowed</title><body>405: Method Not Allowed</body></html>";
    Response::new(405, body).with(TYPE, "text/html; charset=UTF-8")
}

/// Text inside HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}
