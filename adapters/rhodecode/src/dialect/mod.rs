//! The dialect: JSON-RPC at `/_admin/api`, as RhodeCode 4.26 or 4.3 answers it.

mod answers;
mod arguments;
mod call;
mod cookies;
mod envelope;
mod facts;
mod failure;
mod glob;
mod groups;
mod identity;
mod lookup;
mod members;
mod method;
mod named;
mod pages;
mod permissions;
mod repositories;
mod server;
mod signature;
mod table;
mod testing;
#[cfg(test)]
mod tests;
mod users;
mod validation;

use async_trait::async_trait;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::named::Named;
use isogloss_interop::percent::decode_text;
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::cookies::with_cookie;
use crate::dialect::envelope::{Envelope, Refused};
use crate::dialect::failure::Failure;
use crate::dialect::method::{Method, Reply};
use crate::dialect::pages::{HTML, error_page};
use crate::options::Options;
use crate::options::version::Differences;

/// The path of the API, without its first slash.
const PATH: &str = "_admin/api";

/// RhodeCode's dialect.
#[derive(Debug)]
pub(crate) struct RhodeCode {
    options: Options,
}

#[async_trait]
impl Dialect for RhodeCode {
    fn methods(&self) -> &'static [MethodInfo] {
        &table::METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        decode_text(&request.path).trim_start_matches('/') == PATH
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        if let Some(page) = self.page(request) {
            return page;
        }
        let (mut response, ran) = self.reply(request, exchange).await;
        if request.method == "HEAD" {
            response.clear_body();
        }
        if ran || self.differences().cookie_on_every_answer {
            return with_cookie(response, exchange);
        }
        response
    }

    fn named(&self, request: &Request) -> Named {
        named::named(request)
    }

    fn forwards(&self, beginning: &[u8]) -> Option<bool> {
        Some(named::is_origins(self.options.version, beginning))
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        let page_type = self.differences().error_page_type;
        if !self.handles(request) {
            // The request was for the origin: its page is not missing.
            if fault.kind == FaultKind::Malformed {
                return error_page(400, page_type);
            }
            if !fault.kind.is_callers() {
                return error_page(500, page_type);
            }
        }
        match self.page(request) {
            Some(page) => page,
            None if fault.kind == FaultKind::TooLarge => error_page(413, page_type),
            None => envelope::error(self.options.version, &Py::None, "Internal server error"),
        }
    }
}

impl RhodeCode {
    /// The dialect of a route with these options.
    pub(crate) fn new(options: Options) -> Self {
        Self { options }
    }

    fn differences(&self) -> &'static Differences {
        self.options.version.differences()
    }

    /// The error page for a request that never gets to the API.
    fn page(&self, request: &Request) -> Option<Response> {
        let differences = self.differences();
        // RhodeCode's web server refuses verbs that are not in capitals.
        if request.method.chars().any(|letter| letter.is_ascii_lowercase()) {
            return Some(error_page(400, "text/html"));
        }
        let path = decode_text(&request.path);
        let below = path.strip_prefix('/').unwrap_or_default();
        let below = if differences.double_slash { below.trim_start_matches('/') } else { below };
        if below != PATH {
            return Some(error_page(404, differences.missing_page_type));
        }
        let multipart = envelope::content_type(request).starts_with("multipart/form-data");
        multipart.then(|| error_page(differences.multipart_status, differences.error_page_type))
    }

    /// The answer, and whether a method has run.
    async fn reply(&self, request: &Request, exchange: &dyn Exchange) -> (Response, bool) {
        let version = self.options.version;
        let envelope = match envelope::open(version, request) {
            Ok(envelope) => envelope,
            Err(Refused::Error(id, sentence)) => {
                return (envelope::error(version, &id, sentence), false);
            }
            Err(Refused::Page) => return (error_page(500, HTML), false),
        };
        let Some(name) = envelope.method.as_str() else {
            return (self.unknown_method(&envelope), false);
        };
        let method = table::find(version, name);
        if method.is_none_or(|method| method.is_origins)
            && let Some(answer) = exchange.forward(request.clone()).await
        {
            return (answer.unwrap_or_else(|fault| self.refuse(request, &fault)), false);
        }
        // Without an origin the gateway knows the repositories of the embedded store: none.
        let answers = |method: &&Method| {
            let name = method.info.name;
            exchange.is_embedded() || !method.is_embedded_only || exchange.knows(name)
        };
        match method.filter(answers) {
            Some(method) => self.call(method, &envelope, request, exchange).await,
            None => (self.unknown_method(&envelope), false),
        }
    }

    /// Calls a method: its answer, and whether it has run. RhodeCode identifies the caller first,
    /// then looks for missing arguments, then for the caller's permission.
    async fn call(
        &self,
        method: &Method,
        envelope: &Envelope,
        request: &Request,
        exchange: &dyn Exchange,
    ) -> (Response, bool) {
        let version = self.options.version;
        let refuse = |failure: Failure| failure.respond(version, &envelope.id, exchange);
        let address = identity::address(request);
        let identified = identity::identify(&self.options, &envelope.token, &address, exchange);
        let caller = match identified.await {
            Ok(caller) => caller,
            Err(failure) => return (refuse(failure), false),
        };
        let given = |name: &String| envelope.arguments.get(name).is_some();
        if let Some(name) = method.signature.required(version).find(|name| !given(name)) {
            let sentence = format!("Missing non optional `{name}` arg in JSON DATA");
            return (envelope::error(version, &envelope.id, sentence), false);
        }
        let call = Call {
            options: &self.options,
            exchange,
            caller: &caller,
            address: &address,
            arguments: &envelope.arguments,
            request,
            signatures: table::signatures,
        };
        let answer = match method.check(&caller) {
            Ok(()) if method.is_embedded_only && !exchange.is_embedded() => {
                match facts::of_system(&call, method).await {
                    Some(answer) => answer.map(Reply::from),
                    None => return (self.unknown_method(envelope), false),
                }
            }
            Ok(()) => (method.run)(&call).await,
            Err(failure) => Err(failure),
        };
        let (id, replacement) = (&envelope.id, method.replacement);
        let response = match answer {
            Ok(Reply::Value(result)) => Ok(envelope::success(version, id, result, replacement)),
            Ok(Reply::Rows(rows)) => envelope::listing(version, id, rows, replacement).await,
            Err(failure) => Err(failure),
        };
        (response.unwrap_or_else(refuse), true)
    }

    /// The error for an unknown method, which comes before the token is checked.
    fn unknown_method(&self, envelope: &Envelope) -> Response {
        let method = envelope.method.to_text();
        // RhodeCode fails to format a name that is not ASCII.
        if !method.is_ascii() {
            return error_page(500, self.differences().error_page_type);
        }
        let mut sentence = format!("No such method: {method}");
        if self.differences().lists_similar_methods {
            let similar = self.similar(envelope.method.as_str().unwrap_or_default());
            let similar = if similar.is_empty() { "none".to_owned() } else { similar.join(", ") };
            sentence = format!("{sentence}. Similar methods: {similar}");
        }
        envelope::error(self.options.version, &envelope.id, sentence)
    }

    /// The methods whose names contain a part of this name. A name that is longer than any method's
    /// has none: RhodeCode searches for its parts too.
    fn similar(&self, name: &str) -> Vec<&'static str> {
        const LONGEST: usize = 255;
        if name.is_empty() || name.len() > LONGEST {
            return Vec::new();
        }
        let patterns: Vec<_> = name.split('_').map(|part| format!("*{part}*")).collect();
        let signatures = table::signatures(self.options.version);
        let found = signature::matching(signatures, patterns.iter().map(String::as_str));
        found.into_iter().map(|signature| signature.name).collect()
    }
}
