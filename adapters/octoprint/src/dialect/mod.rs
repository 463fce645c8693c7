//! The dialect: answers OctoPrint's clients as an OctoPrint server does.

mod account;
mod answers;
mod appkeys;
mod arguments;
mod by_session;
mod call;
mod content;
mod cookies;
mod csrf;
mod facts;
mod failure;
mod gate;
mod groups;
mod headers;
mod identity;
mod keys;
mod limits;
mod login;
mod members;
mod method;
mod named;
mod pages;
mod printer;
mod server;
mod sessions;
mod settings;
mod site;
mod sockjs;
mod table;
mod users;
mod v1_3;
mod wizard;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::named::Named;
use isogloss_canonical::socket::Socket;
use isogloss_canonical::vouching::Vouching;
use isogloss_interop::percent::encode_path;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::Answer;
use crate::dialect::appkeys::keys::PLUGIN;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::method::{Area, Method};
use crate::dialect::pages::destination::leads_to_dialog;
use crate::dialect::site::decoded_path;
use crate::dialect::table::Found;
use crate::options::Options;
use crate::options::version::Errors;

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

    /// Whether a path belongs to the API, where errors can have a form of their own.
    fn is_api(&self, path: &str) -> bool {
        let wizard = self.options.first_run && path.starts_with("/plugin/corewizard");
        path.starts_with("/api") || path.starts_with("/plugin/appkeys") || wizard
    }

    fn encode(&self, path: &str, verb: &str, failure: &Failure) -> Response {
        failure.encode(self.options.version.differences().errors, self.is_api(path), verb)
    }

    /// Answers a call whose path and verb are looked up.
    async fn run(&self, call: &mut Call<'_>, path: &str, found: Found) -> Answer {
        let early = call.differences().proves_before_routing;
        if early {
            identity::identify(call).await?;
        }
        let (area, run) = match found {
            Found::Nothing | Found::Options(Area::Printer, _) => return Err(Failure::of(404)),
            Found::WrongVerb(verbs) => return self.wrong_verb(call, path, &verbs),
            Found::Redirect(path) => return Ok(redirect(call, &path)),
            Found::Options(area, verbs) => (area, Run::Options(verbs)),
            Found::Method(method, parameter) => {
                call.parameter = parameter;
                (method.area, Run::Method(method))
            }
        };
        if let (Run::Options(verbs), true) = (&run, self.options.cross_origin && area != Area::Page)
        {
            return preflight(call, answers::options(verbs));
        }
        if !early {
            identity::identify(call).await?;
        }
        if area.is_guarded() {
            gate::check(call).await?;
        }
        match run {
            Run::Options(verbs) => Ok(answers::options(&verbs)),
            Run::Method(method) => handle(call, method).await,
        }
    }

    /// Whether the server behind a route answers a path itself: its web pages, and the commands of its
    /// other plugins. Where the gateway answers the dialog about a key, the login page that leads to it
    /// is the gateway's too: a session of the server opens no dialog of the gateway.
    fn is_servers_own(&self, request: &Request, path: &str) -> bool {
        let path = path.replace("//", "/");
        let plugin = path.strip_prefix("/api/plugin/").is_some_and(|name| name != PLUGIN);
        let is_ours = !self.options.origin_is_backend && leads_to_dialog(request);
        let login = matches!(path.as_str(), "/login" | "/login/") && !is_ours;
        plugin || path == "/" || login
    }

    /// Only a page, and every path before 1.4, says which verbs it has.
    fn wrong_verb(&self, call: &Call<'_>, path: &str, verbs: &[&str]) -> Answer {
        let failure = Failure::of(405);
        if call.differences().errors == Errors::Json && self.is_api(path) {
            return Err(failure);
        }
        let response = self.encode(path, &call.request.method, &failure);
        Ok(response.with("Allow", verbs.join(", ")))
    }
}

/// What a request calls, once its path is found.
enum Run {
    Options(Vec<&'static str>),
    Method(&'static Method),
}

/// Checks a call as the row of its method says, and runs the handler. Without access control the
/// users' API does nothing: `fixtures/transcripts/octoprint13/profile-noacl.json`.
async fn handle(call: &mut Call<'_>, method: &Method) -> Answer {
    let about_users = method.path().starts_with(call.differences().users);
    if !call.options.access_control && about_users {
        return answers::json_as(200, &Py::dict([]), call.differences().json);
    }
    method.access.check(call).await?;
    (method.run)(call).await
}

/// With `cross_origin`, OctoPrint answers 500 to an `OPTIONS` without a browser's headers.
fn preflight(call: &Call<'_>, response: Response) -> Answer {
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

/// Redirects to another path of this server, with the same query.
fn redirect(call: &Call<'_>, path: &str) -> Response {
    let query = call.request.query.as_ref();
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    answers::redirect(308, &call.site.absolute(&format!("{}{query}", encode_path(path))))
}

#[async_trait]
impl Dialect for OctoPrint {
    fn methods(&self) -> &'static [MethodInfo] {
        table::infos(self.options.version)
    }

    fn handles(&self, request: &Request) -> bool {
        let path = decoded_path(&request.path, "");
        let is_translated = match table::find(&self.options, &request.method, &path) {
            Found::Nothing => false,
            Found::Method(method, _) => method.area != Area::Printer,
            Found::Options(area, _) => area != Area::Printer,
            Found::WrongVerb(_) | Found::Redirect(_) => true,
        };
        let has_session = if self.options.origin_is_backend {
            by_session::is_servers(request, &path)
        } else {
            by_session::is_of_origins_page(request, &path)
        };
        is_translated && !self.is_servers_own(request, &path) && !has_session
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let differences = self.options.version.differences();
        if !VERBS.contains(&request.method.as_str()) {
            return headers::with_tornados(answers::unknown_verb(), differences);
        }
        if request.body.len() > LARGEST_BODY {
            return Response::new(400, "");
        }
        if let Some(response) = sockjs::answer(&self.options, request, exchange) {
            return response;
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
        let bare = differences.errors != Errors::Json;
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                let response = self.encode(&path, &request.method, &failure);
                if bare && failure.is_crash() {
                    return headers::with_tornados(response, differences);
                }
                response
            }
        };
        match headers::finish(&mut call, area, response).await {
            Ok(response) => response,
            Err(fault) => self.refuse(request, &fault),
        }
    }

    fn socket(&self, request: &Request, exchange: &dyn Exchange) -> Option<Box<dyn Socket>> {
        sockjs::socket(&self.options, request, exchange)
    }

    fn named(&self, request: &Request) -> Named {
        named::named(&self.options, request)
    }

    fn vouching(&self) -> Vouching {
        self.options.vouching()
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        if fault.kind == FaultKind::TooLarge {
            return Response::new(400, "");
        }
        let path = decoded_path(&request.path, "");
        let response = self.encode(&path, &request.method, &Failure::from(fault.clone()));
        headers::with_tornados(response, self.options.version.differences())
    }
}
