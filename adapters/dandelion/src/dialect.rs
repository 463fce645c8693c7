//! The Dandelion dialect: from a path to a method, and from what it says to an answer.

mod call;
mod cheesto;
mod groups;
pub(crate) mod keys;
mod pages;
mod parameters;
mod session;
mod settings;
mod table;
mod users;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use serde_json::Value;

use crate::dialect::call::{Asked, Blamed, Failure, Said};
use crate::dialect::parameters::Parameters;
use crate::dialect::session::{COOKIE, Entry, Session, Visit};
use crate::php;
use crate::php::form::Form;
use crate::wire::{Envelope, spent};

/// The errors that come before a method is asked, in the order of the checks.
const BAD_CALL: Failure = Failure::new(200, 7, "Bad API call", Blamed::Api);
const DISABLED: Failure = Failure::new(200, 2, "Public API disabled", Blamed::Api);
const LOGIN: Failure = Failure::new(200, 3, "Action requires logged in session", Blamed::Api);
const INVALID_KEY: Failure = Failure::new(200, 1, "API key is not valid", Blamed::Nobody);
const INVALID_USER: Failure = Failure::new(200, 4, "Invalid user", Blamed::Nobody);
const NO_MODULE: Failure = Failure::new(200, 8, "Module not found", Blamed::Nobody);
const NO_METHOD: Failure = Failure::new(200, 9, "Module doesn't have method", Blamed::Nobody);
const WRONG_VERB: Failure = Failure::new(405, 7, "Incorrect HTTP method", Blamed::Nobody);

/// The code of the one error that 6.1.1 as released words in spite of its mistake.
const INVALID_KEY_CODE: u8 = 1;

/// The dialect.
#[derive(Debug)]
pub(crate) struct Dandelion {
    pub(crate) namespace: IdNamespace,
    /// Whether the API by key is switched off.
    pub(crate) public_api_off: bool,
    /// Whether errors are what 6.1.1 as released makes of them: HTTP 500 and nothing else.
    pub(crate) empty_errors: bool,
    /// Whether people are shown as the manual of 6.0 prints them.
    pub(crate) older: bool,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    /// The API: inside a session or not, the module, the method.
    Api(bool, &'a str, &'a str),
    Login,
    LoginPage,
    Logout,
    WebPage,
    Nowhere,
}

impl<'a> Place<'a> {
    /// Dandelion's own routes: nothing is decoded, and a slash too many leads nowhere.
    fn of(verb: &str, path: &'a str) -> Self {
        let parts: Vec<_> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        match (verb, parts.as_slice()) {
            (_, ["api", "i"]) => Self::Api(true, "", ""),
            (_, ["api", "i", module]) => Self::Api(true, module, ""),
            (_, ["api", "i", module, method]) => Self::Api(true, module, method),
            (_, ["api"]) => Self::Api(false, "", ""),
            (_, ["api", module]) => Self::Api(false, module, ""),
            (_, ["api", module, method]) => Self::Api(false, module, method),
            ("POST", ["login"]) => Self::Login,
            ("GET", ["login"]) => Self::LoginPage,
            ("GET", ["logout"]) => Self::Logout,
            ("GET", [_] | ["log", _]) | (_, ["render", _]) => Self::WebPage,
            _ => Self::Nowhere,
        }
    }
}

/// Who calls, once proved.
struct Known {
    caller: Caller,
    session: Option<Session>,
}

#[async_trait]
impl Dialect for Dandelion {
    fn methods(&self) -> &'static [MethodInfo] {
        &table::METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        match Place::of(&request.method, &request.path) {
            Place::Api(_, module, _) => !php::is_text_true(module) || table::has_module(module),
            Place::Login | Place::Logout => true,
            Place::LoginPage | Place::WebPage | Place::Nowhere => false,
        }
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let visit = Visit { request, exchange, namespace: &self.namespace };
        let result = match Place::of(&request.method, &request.path) {
            Place::Api(inside, module, method) => {
                Ok(self.api(&visit, inside, (module, method)).await)
            }
            Place::Login => pages::login(&visit).await,
            Place::LoginPage => pages::login_page(&visit).await,
            Place::Logout => pages::logout(&visit).await,
            Place::WebPage => pages::web_page(&visit).await,
            Place::Nowhere => Ok(pages::not_found(&visit)),
        };
        // Whatever else a page is, it is no `false` and no login form when we cannot know.
        finish(&visit, result.unwrap_or_else(|_| pages::html(500, "")))
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        let failure = match fault.kind {
            FaultKind::TooLarge => Failure { status: 413, ..BAD_CALL },
            FaultKind::Malformed => Failure { status: 400, ..BAD_CALL },
            _ => Failure::server(),
        };
        match Place::of(&request.method, &request.path) {
            Place::Api(_, module, _) => self.word(Err(failure), module, 0.0),
            _ => pages::html(failure.status, ""),
        }
    }
}

impl Dandelion {
    async fn api(
        &self,
        visit: &Visit<'_>,
        inside: bool,
        (module, method): (&str, &str),
    ) -> Response {
        let result = if php::is_text_true(module) && php::is_text_true(method) {
            self.call(visit, inside, (module, method)).await
        } else {
            Err(BAD_CALL)
        };
        self.word(result, module, milliseconds(visit))
    }

    /// Runs a method once everything before it is in order.
    async fn call(
        &self,
        visit: &Visit<'_>,
        inside: bool,
        (module, method): (&str, &str),
    ) -> Result<Said, Failure> {
        let request = visit.request;
        // GET is asked by its query, everything else by its body: HEAD and DELETE too.
        let form = match (request.method.as_str(), &request.query) {
            ("GET", query) => Form::read(query.as_deref().unwrap_or_default().as_bytes()),
            _ => Form::read(&request.body),
        };
        let known =
            if inside { by_session(visit).await? } else { self.by_key(visit, &form).await? };
        let row = table::find(module, method).ok_or(if table::has_module(module) {
            NO_METHOD
        } else {
            NO_MODULE
        })?;
        if row.verb != request.method {
            return Err(WRONG_VERB);
        }
        let given = Parameters::read(row.takes, &form).map_err(|wrong| Failure {
            words: format!("Invalid parameters '{}'", wrong.join(", ")).into(),
            ..Failure::new(400, 7, "", Blamed::Nobody)
        })?;
        let user = known.caller.user().ok_or(INVALID_KEY)?;
        let session = known.session.as_ref();
        let asked = Asked { visit, caller: &known.caller, user, session, given, older: self.older };
        (row.run)(&asked).await
    }

    /// Trailing blanks do not count in a key, as in any text of its database
    /// (`fixtures/transcripts/dandelion/auth-invalid-key.json`).
    async fn by_key(&self, visit: &Visit<'_>, form: &Form) -> Result<Known, Failure> {
        if self.public_api_off {
            return Err(DISABLED);
        }
        let key = form.text("apikey").unwrap_or_default().trim_end_matches(' ');
        if !php::is_text_true(key) {
            return Err(INVALID_KEY);
        }
        let credentials =
            Credentials::Key { namespace: self.namespace.clone(), value: key.into(), scopes: &[] };
        match visit.exchange.identify(credentials).await {
            Ok(caller) if caller.user().is_some() => Ok(Known { caller, session: None }),
            Ok(_) => Err(INVALID_KEY),
            Err(fault) => Err(unproved(fault, INVALID_KEY)),
        }
    }

    /// Words what a method said, or why it said nothing.
    fn word(&self, result: Result<Said, Failure>, module: &str, milliseconds: f64) -> Response {
        let (status, envelope, cookies) = match result {
            Ok(Said { data, cookies }) => {
                let status = "Completed".into();
                (200, Envelope { code: 0, status, module: Some(module), data }, cookies)
            }
            Err(failure) if self.empty_errors && is_fatal(&failure) => {
                return Response::new(500, "").with("Content-Type", "text/html; charset=UTF-8");
            }
            Err(failure) => {
                let blamed = match failure.blamed {
                    Blamed::Nobody => None,
                    Blamed::Api => Some("api"),
                    Blamed::Called => Some(module),
                };
                let (code, status) = (failure.code, failure.words);
                let envelope = Envelope { code, status, module: blamed, data: Value::Null };
                (failure.status, envelope, Vec::new())
            }
        };
        let mut response = Response::new(status, envelope.encode(milliseconds))
            .with("Content-Type", "application/json")
            .with("Access-Control-Allow-Origin", "*");
        for cookie in cookies {
            response = response.with("Set-Cookie", cookie);
        }
        response
    }
}

/// Whether 6.1.1 as released stumbles over an error: it does over all that a method or what comes
/// right before it raises, but for a bad key
/// (`fixtures/transcripts/dandelion-as-shipped/as-shipped-errors.json`).
fn is_fatal(failure: &Failure) -> bool {
    failure.code != INVALID_KEY_CODE && ![BAD_CALL, DISABLED, LOGIN].contains(failure)
}

async fn by_session(visit: &Visit<'_>) -> Result<Known, Failure> {
    match visit.enter().await? {
        Entry::Open(session, caller) => Ok(Known { caller, session: Some(session) }),
        Entry::Inactive => Err(INVALID_USER),
        Entry::Nobody => Err(LOGIN),
    }
}

/// Why a caller is not who they say they are; what is not their doing is an error of the server.
fn unproved(fault: Fault, unknown: Failure) -> Failure {
    match (fault.kind, fault.refusal) {
        (FaultKind::Unauthenticated, Some(Refusal::Inactive)) => INVALID_USER,
        (FaultKind::Unauthenticated, _) => unknown,
        _ => fault.into(),
    }
}

/// How long the request has taken so far.
fn milliseconds(visit: &Visit<'_>) -> f64 {
    let spent = visit.exchange.now().duration_since(visit.request.received);
    spent.as_secs_f64() * 1000.0
}

/// Adds what every answer carries: a session's cookie, unless the client has one or was just
/// given one, and that nothing is to be kept.
fn finish(visit: &Visit<'_>, response: Response) -> Response {
    let is_set = response
        .headers
        .iter()
        .any(|(name, value)| name == "Set-Cookie" && value.split('=').next() == Some(COOKIE));
    let response = if is_set || visit.session_id().is_some() {
        response
    } else {
        let cookie = visit.session_cookie(&visit.fresh_id());
        response.with("Set-Cookie", cookie)
    };
    response
        .with("Expires", "Thu, 19 Nov 1981 08:52:00 GMT")
        .with("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0")
        .with("Pragma", "no-cache")
        .with("X-Dandelion-Request-Time", spent(milliseconds(visit)))
}
