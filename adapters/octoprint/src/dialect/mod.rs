//! The dialect: answers OctoPrint's clients as an OctoPrint server does.

mod account;
mod answers;
mod appkeys;
mod arguments;
mod call;
mod content;
mod cookies;
mod csrf;
mod failure;
mod groups;
mod headers;
mod identity;
mod keys;
mod limits;
mod login;
mod members;
mod method;
mod pages;
mod server;
mod sessions;
mod settings;
mod site;
mod table;
mod users;
mod wizard;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::vouching::Vouching;
use isogloss_interop::percent::encode_path;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::method::{Area, Method};
use crate::dialect::site::decoded_path;
use crate::dialect::table::{Found, METHODS};
use crate::options::Options;

/// The verbs that Tornado accepts. It refuses others before Flask sees them.
const VERBS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The most bytes of a body. Tornado refuses a larger one with a bare 400.
const LARGEST_BODY: usize = 100 * 1024;

/// OctoPrint's dialect.
#[derive(Debug)]
pub(crate) struct OctoPrint {
    options: Options,
}

impl OctoPrint {
    /// The dialect of a route with these options.
    pub(crate) fn new(options: Options) -> Self {
        Self { options }
    }

    /// Whether errors at this path are in JSON.
    fn is_api(&self, path: &str) -> bool {
        let wizard = self.options.first_run && path.starts_with("/plugin/corewizard");
        path.starts_with("/api") || path.starts_with("/plugin/appkeys") || wizard
    }

    fn encode(&self, path: &str, failure: &Failure) -> Response {
        if self.is_api(path) { failure.json() } else { failure.page() }
    }

    /// Answers a call whose path and verb are looked up. Who calls is known before anything else is
    /// refused.
    async fn run(&self, call: &mut Call<'_>, path: &str, found: Found) -> Answer {
        identity::identify(call).await?;
        match found {
            Found::Nothing => Err(Failure::of(404)),
            // Only pages say which verbs they have.
            Found::WrongVerb(_) if self.is_api(path) => Err(Failure::of(405)),
            Found::WrongVerb(verbs) => Ok(Failure::of(405).page().with("Allow", verbs.join(", "))),
            Found::Redirect(path) => Ok(redirect(call, &path)),
            Found::Options(Area::Page, verbs) => Ok(answers::options(&verbs)),
            Found::Options(Area::Api | Area::Plugin | Area::OpenPlugin, verbs) => {
                self.preflight(call, answers::options(&verbs))
            }
            Found::Method(method, parameter) => {
                call.parameter = parameter;
                self.handle(call, method).await
            }
        }
    }

    /// Checks a call as the row of its method says, and runs the handler.
    async fn handle(&self, call: &mut Call<'_>, method: &Method) -> Answer {
        if method.needs_csrf_token() {
            csrf::require_token(call)?;
        }
        method.access.check(call).await?;
        (method.run)(call).await
    }

    /// With `cross_origin`, OctoPrint answers 500 to an `OPTIONS` without a browser's headers.
    fn preflight(&self, call: &Call<'_>, response: Response) -> Answer {
        if !self.options.cross_origin {
            return Ok(response);
        }
        let header = |name| call.request.header(name);
        let origin = header("origin").ok_or(CRASH)?;
        let method = header("access-control-request-method").ok_or(CRASH)?;
        let response = response
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Methods", method)
            .with("Access-Control-Max-Age", "10");
        Ok(match header("access-control-request-headers") {
            Some(headers) => response.with("Access-Control-Allow-Headers", headers),
            None => response,
        })
    }
}

/// Redirects to another path of this server, with the same query.
fn redirect(call: &Call<'_>, path: &str) -> Response {
    let query = call.request.query.as_ref();
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    answers::redirect(308, &call.site.absolute(&format!("{}{query}", encode_path(path))))
}

#[async_trait]
impl Dialect for OctoPrint {
    fn methods(&self) -> &'static [MethodInfo] {
        &METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        let path = decoded_path(&request.path, "");
        !matches!(table::find(&self.options, &request.method, &path), Found::Nothing)
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        if !VERBS.contains(&request.method.as_str()) {
            return headers::with_tornados(answers::unknown_verb());
        }
        if request.body.len() > LARGEST_BODY {
            return Response::new(400, "");
        }
        let mut call = Call::new(&self.options, request, exchange);
        let path = decoded_path(&request.path, &call.site.root);
        let found = table::find(&self.options, &request.method, &path);
        let area = match &found {
            Found::Method(method, _) => Some(method.area),
            Found::Options(area, _) => Some(*area),
            Found::WrongVerb(_) | Found::Redirect(_) | Found::Nothing => None,
        };
        let answer = self.run(&mut call, &path, found).await;
        let response = answer.unwrap_or_else(|failure| self.encode(&path, &failure));
        match headers::finish(&mut call, area, response).await {
            Ok(response) => response,
            Err(fault) => self.refuse(request, &fault),
        }
    }

    fn vouching(&self) -> Vouching {
        self.options.vouching()
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        if fault.kind == FaultKind::TooLarge {
            return Response::new(400, "");
        }
        let path = decoded_path(&request.path, "");
        headers::with_tornados(self.encode(&path, &Failure::from(fault.clone())))
    }
}
