//! How a call fails: a status and a sentence, encoded as Flask does.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;
use isogloss_interop::python::json::write::NotANumber;
use isogloss_interop::python::value::{Py, TypeError};

use crate::dialect::content::{self, escaped, html};
use crate::roles::rights::Cyclic;

/// A call that failed: the status, and a sentence of its own if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status.
    pub(crate) status: u16,
    /// The sentence; `None`: Flask's own for that status.
    sentence: Option<Cow<'static, str>>,
}

/// OctoPrint raises an exception that it does not catch, and answers 500.
pub(crate) const CRASH: Failure = Failure::of(500);

impl Failure {
    /// A failure with Flask's own sentence for the status.
    pub(crate) const fn of(status: u16) -> Self {
        Self { status, sentence: None }
    }

    /// A failure with a sentence of OctoPrint's.
    pub(crate) const fn with(status: u16, sentence: &'static str) -> Self {
        Self { status, sentence: Some(Cow::Borrowed(sentence)) }
    }

    /// The answer of the API.
    pub(crate) fn json(&self) -> Response {
        let body = Py::dict([("error", Py::text(self.texts().1))]);
        content::json(self.status, &body).unwrap_or_else(|_| self.page())
    }

    /// The answer of a page.
    pub(crate) fn page(&self) -> Response {
        let (name, sentence) = self.texts();
        let status = self.status;
        let body = format!(
            "<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n<p>{}</p>\n",
            escaped(sentence)
        );
        html(status, body)
    }

    /// The name of the status, and the sentence.
    fn texts(&self) -> (&'static str, &str) {
        let row = STATUSES.iter().find(|row| row.0 == self.status);
        let (_, name, usual) = *row.unwrap_or(&INTERNAL_ERROR);
        (name, self.sentence.as_deref().unwrap_or(usual))
    }
}

impl From<TypeError> for Failure {
    fn from(_: TypeError) -> Self {
        CRASH
    }
}

impl From<Cyclic> for Failure {
    fn from(_: Cyclic) -> Self {
        CRASH
    }
}

impl From<NotANumber> for Failure {
    fn from(_: NotANumber) -> Self {
        CRASH
    }
}

/// An outage never looks like an absence.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::of(match fault.kind {
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

/// A status, its name, and Flask's sentence for it.
type Status = (u16, &'static str, &'static str);

const INTERNAL_ERROR: Status = (
    500,
    "Internal Server Error",
    "The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.",
);

#[rustfmt::skip]
const STATUSES: &[Status] = &[
    (400, "Bad Request", "The browser (or proxy) sent a request that this server could not understand."),
    (403, "Forbidden", "You don't have the permission to access the requested resource. It is either read-protected or not readable by the server."),
    (404, "Not Found", "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."),
    (405, "Method Not Allowed", "The method is not allowed for the requested URL."),
    (409, "Conflict", "A conflict happened while processing the request. The resource might have been modified while the request was being processed."),
    (415, "Unsupported Media Type", "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."),
    (429, "Too Many Requests", "This user has exceeded an allotted request count. Try again later."),
    INTERNAL_ERROR,
    (501, "Not Implemented", "The server does not support the action requested by the browser."),
    (503, "Service Unavailable", "The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later."),
    (504, "Gateway Timeout", "The connection to an upstream server timed out."),
];
