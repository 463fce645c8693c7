//! How a call fails: a status and a sentence, encoded as Flask does.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;
use isogloss_interop::python::json::write::{NotANumber, PYTHON_3};
use isogloss_interop::python::value::{Py, TypeError};

use crate::dialect::content::{self, CONTENT_TYPE, escaped, html};
use crate::options::version::Errors;
use crate::roles::rights::Cyclic;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The status.
    pub(crate) status: u16,
    words: Words,
}

/// What a failed call says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// The framework's own sentence for the status.
    Usual,
    /// A sentence of OctoPrint's on the framework's page.
    Sentence(Cow<'static, str>),
    /// A plain text of OctoPrint's.
    Text(Cow<'static, str>),
    /// Nothing: an exception that OctoPrint does not catch.
    Crash,
}

/// OctoPrint raises an exception that it does not catch, and answers 500.
pub(crate) const CRASH: Failure = Failure { status: 500, words: Words::Crash };

impl Failure {
    /// A failure with the framework's own sentence for the status.
    pub(crate) const fn of(status: u16) -> Self {
        Self { status, words: Words::Usual }
    }

    /// A failure with a sentence of OctoPrint's, in the framework's form.
    pub(crate) const fn with(status: u16, sentence: &'static str) -> Self {
        Self { status, words: Words::Sentence(Cow::Borrowed(sentence)) }
    }

    /// A failure whose answer is a plain text, before 1.4.
    pub(crate) const fn text(status: u16, text: &'static str) -> Self {
        Self { status, words: Words::Text(Cow::Borrowed(text)) }
    }

    /// A plain text that ends with what the caller sent. Its media type says HTML, so what the caller
    /// sent is escaped. OctoPrint does not: there it runs as a script in the browser that shows it.
    pub(crate) fn told(status: u16, text: &'static str, sent: &str) -> Self {
        Self { status, words: Words::Text(Cow::Owned(format!("{text}{}", escaped(sent)))) }
    }

    /// The same status in the framework's own words. A crash stays one.
    pub(crate) fn in_framework_words(self) -> Self {
        if self.is_crash() { self } else { Self::of(self.status) }
    }

    /// Whether OctoPrint does not catch it. Before 1.4 such an answer has no headers of Flask's.
    pub(crate) fn is_crash(&self) -> bool {
        self.words == Words::Crash
    }

    /// The answer to a request with this verb. The API of newer versions answers in JSON.
    pub(crate) fn encode(&self, errors: Errors, in_api: bool, verb: &str) -> Response {
        match (&self.words, errors) {
            (Words::Text(text), _) => html(self.status, text.clone().into_owned()),
            (_, Errors::Json) if in_api => self.json(),
            (_, Errors::Json) => self.page(),
            (_, Errors::Werkzeug15) => self.old_page(&paragraph(self.texts().1)),
            (_, Errors::Werkzeug8) => self.old_page(&self.raw_description(verb)),
        }
    }

    /// The answer of the API since 1.4.
    fn json(&self) -> Response {
        let body = Py::dict([("error", Py::text(self.texts().1))]);
        content::json(self.status, &body, PYTHON_3).unwrap_or_else(|_| self.page())
    }

    /// The answer of a page since 1.4.
    pub(crate) fn page(&self) -> Response {
        let (name, sentence) = self.texts();
        let status = self.status;
        let body = format!(
            "<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n<p>{}</p>\n",
            escaped(sentence)
        );
        html(status, body)
    }

    /// The page of Werkzeug before 1.0, with a description in HTML.
    fn old_page(&self, description: &str) -> Response {
        let (name, status) = (self.texts().0, self.status);
        let body = format!(
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<title>{status} {name}</title>\n\
             <h1>{name}</h1>\n{description}\n"
        );
        Response::new(status, body).with(CONTENT_TYPE, "text/html")
    }

    /// The description of Werkzeug 0.8, which escapes nothing.
    fn raw_description(&self, verb: &str) -> String {
        match (&self.words, self.status) {
            (Words::Sentence(sentence), _) => sentence.clone().into_owned(),
            (_, 405) => {
                paragraph(&format!("The method {verb} is not allowed for the requested URL."))
            }
            (_, status) => {
                let row = WERKZEUG_8.iter().find(|row| row.0 == status);
                row.map_or_else(|| paragraph(self.texts().1), |row| row.1.to_owned())
            }
        }
    }

    /// The name of the status, and the sentence.
    fn texts(&self) -> (&'static str, &str) {
        let row = STATUSES.iter().find(|row| row.0 == self.status);
        let (_, name, usual) = *row.unwrap_or(&INTERNAL_ERROR);
        match &self.words {
            Words::Sentence(sentence) | Words::Text(sentence) => (name, sentence),
            Words::Usual | Words::Crash => (name, usual),
        }
    }
}

/// A paragraph of Werkzeug 0.15, which does not escape an apostrophe.
fn paragraph(sentence: &str) -> String {
    format!("<p>{}</p>", escaped(sentence).replace("&#39;", "'").replace("&#34;", "&quot;"))
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
    (401, "Unauthorized", "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required."),
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

/// The descriptions of Werkzeug 0.8 that are others than the later ones.
const WERKZEUG_8: &[(u16, &str)] = &[
    (
        401,
        "<p>The server could not verify that you are authorized to access the URL requested.  You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required.</p><p>In case you are allowed to request the document, please check your user-id and password and try again.</p>",
    ),
    (
        404,
        "<p>The requested URL was not found on the server.</p><p>If you entered the URL manually please check your spelling and try again.</p>",
    ),
    (
        409,
        "<p>A conflict happened while processing the request.  The resource might have been modified while the request was being processed.",
    ),
    (
        500,
        "<p>The server encountered an internal error and was unable to complete your request.  Either the server is overloaded or there is an error in the application.</p>",
    ),
];
