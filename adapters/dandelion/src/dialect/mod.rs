//! The Dandelion dialect: the paths, and the order of the checks before a method runs.

mod arguments;
mod call;
mod cheesto;
mod cookies;
mod envelope;
mod failure;
mod groups;
mod identity;
pub(crate) mod keys;
mod method;
mod named;
mod pages;
mod server;
mod sessions;
mod settings;
mod table;
mod users;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::named::Named;
use isogloss_interop::php::form::Form;
use isogloss_interop::php::truth;

use crate::dialect::arguments::{Arguments, read_form};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::dialect::sessions::{COOKIE, Sessions};
use crate::options::Options;

/// The dialect.
#[derive(Debug)]
pub(crate) struct Dandelion {
    /// The options of the route.
    pub(crate) options: Options,
}

/// A method as a path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target<'a> {
    /// Whether the caller has a session: `/api/i/MODULE/METHOD`.
    by_session: bool,
    /// Empty if the path ends before.
    module: &'a str,
    /// Empty if the path ends before.
    method: &'a str,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    Api(Target<'a>),
    Login,
    LoginPage,
    Logout,
    WebPage,
    Unknown,
}

impl<'a> Place<'a> {
    /// Reads a path. Nothing is decoded, and a path with an extra slash is unknown.
    fn of(verb: &str, path: &'a str) -> Self {
        let api = |by_session, module, method| Self::Api(Target { by_session, module, method });
        let parts: Vec<_> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        match (verb, parts.as_slice()) {
            (_, ["api", "i"]) => api(true, "", ""),
            (_, ["api", "i", module]) => api(true, module, ""),
            (_, ["api", "i", module, method]) => api(true, module, method),
            (_, ["api"]) => api(false, "", ""),
            (_, ["api", module]) => api(false, module, ""),
            (_, ["api", module, method]) => api(false, module, method),
            ("POST", ["login"]) => Self::Login,
            ("GET", ["login"]) => Self::LoginPage,
            ("GET", ["logout"]) => Self::Logout,
            ("GET", [_] | ["log", _]) | (_, ["render", _]) => Self::WebPage,
            _ => Self::Unknown,
        }
    }
}

#[async_trait]
impl Dialect for Dandelion {
    fn methods(&self) -> &'static [MethodInfo] {
        &table::METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        match Place::of(&request.method, &request.path) {
            Place::Api(target) => {
                !truth::of_text(target.module) || table::has_module(target.module)
            }
            Place::Login | Place::Logout => true,
            Place::LoginPage | Place::WebPage | Place::Unknown => false,
        }
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let sessions = Sessions { options: &self.options, request, exchange };
        let result = match Place::of(&request.method, &request.path) {
            Place::Api(target) => Ok(self.api(&sessions, target).await),
            Place::Login => pages::login(&sessions).await,
            Place::LoginPage => pages::login_page(&sessions).await,
            Place::Logout => pages::logout(&sessions).await,
            Place::WebPage => pages::web_page(&sessions).await,
            Place::Unknown => Ok(pages::not_found(&sessions)),
        };
        // During an outage, `false` or the login form would say that the user is not known.
        finish(&sessions, result.unwrap_or_else(|_| pages::html(500, "")))
    }

    fn named(&self, request: &Request) -> Named {
        let methods = match Place::of(&request.method, &request.path) {
            Place::Api(Target { module, method, .. }) => match table::find(module, method) {
                Some(known) => vec![known.info.name.to_owned()],
                None => vec![format!("{} /api/{module}/{method}", request.method)],
            },
            Place::Login => vec!["POST /login".to_owned()],
            Place::Logout => vec!["GET /logout".to_owned()],
            Place::LoginPage | Place::WebPage | Place::Unknown => Vec::new(),
        };
        Named { methods, shown: named::shown(request, &form(request)) }
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        let failure = Failure::unread(fault);
        if let Place::Api(target) = Place::of(&request.method, &request.path) {
            return envelope::response(&self.options, target.module, Err(failure), 0.0);
        }
        pages::html(failure.status, "")
    }
}

impl Dandelion {
    async fn api(&self, sessions: &Sessions<'_>, target: Target<'_>) -> Response {
        let is_whole = truth::of_text(target.module) && truth::of_text(target.method);
        let result =
            if is_whole { self.call(sessions, target).await } else { Err(Failure::BAD_CALL) };
        envelope::respond(&self.options, target.module, result, milliseconds(sessions)).await
    }

    /// Runs a method after all checks: caller, module, method, HTTP verb, arguments.
    async fn call(&self, sessions: &Sessions<'_>, target: Target<'_>) -> Result<Answer, Failure> {
        let request = sessions.request;
        let form = form(request);
        let identity = if target.by_session {
            identity::by_session(sessions).await?
        } else {
            identity::by_key(sessions, &form).await?
        };
        let method =
            table::find(target.module, target.method).ok_or_else(|| unknown(target.module))?;
        if method.verb != request.method {
            return Err(Failure::WRONG_VERB);
        }
        let arguments = Arguments::read(method.parameters, &form)
            .map_err(|wrong| Failure::parameters(&wrong))?;
        let call = Call {
            options: &self.options,
            exchange: sessions.exchange,
            request,
            sessions,
            caller: &identity.caller,
            user: identity.caller.user().ok_or(Failure::INVALID_KEY)?,
            session: identity.session.as_ref(),
            key: identity.key.as_ref(),
            arguments,
        };
        (method.run)(&call).await
    }
}

fn unknown(module: &str) -> Failure {
    if table::has_module(module) { Failure::NO_METHOD } else { Failure::NO_MODULE }
}

/// The form of a request: the query of a GET, the body of every other request, HEAD and DELETE too.
fn form(request: &Request) -> Form {
    if request.method == "GET" {
        return read_form(request.query.as_deref().unwrap_or_default().as_bytes());
    }
    read_form(&request.body)
}

/// How long the request has taken so far.
fn milliseconds(sessions: &Sessions<'_>) -> f64 {
    let spent = sessions.exchange.now().duration_since(sessions.request.received);
    spent.as_secs_f64() * 1000.0
}

/// Adds the headers of every answer. A client without a session id gets one.
fn finish(sessions: &Sessions<'_>, response: Response) -> Response {
    let is_set = response
        .headers
        .iter()
        .any(|(name, value)| name == "Set-Cookie" && value.split('=').next() == Some(COOKIE));
    let response = if is_set || sessions.id().is_some() {
        response
    } else {
        response.with("Set-Cookie", sessions.new_cookie())
    };
    response
        .with("Expires", "Thu, 19 Nov 1981 08:52:00 GMT")
        .with("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0")
        .with("Pragma", "no-cache")
        .with("X-Dandelion-Request-Time", envelope::duration(milliseconds(sessions)))
}
