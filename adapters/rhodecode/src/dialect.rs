//! The front: JSON-RPC at `/_admin/api`, as RhodeCode 4.26 or 4.3 answers it.

mod call;
mod coerce;
mod elsewhere;
mod envelope;
mod glob;
mod groups;
mod lookup;
mod members;
mod registry;
mod rights;
mod server;
mod testing;
#[cfg(test)]
mod tests;
mod users;
mod validation;

use async_trait::async_trait;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::secret::Secret;

use crate::dialect::call::{Call, Raised};
use crate::dialect::envelope::{Envelope, Torn};
use crate::dialect::registry::Row;
use crate::python::Py;
use crate::version::Version;
use crate::wire::View;

/// RhodeCode's dialect.
#[derive(Debug)]
pub(crate) struct RhodeCode {
    version: Version,
    namespace: IdNamespace,
}

impl RhodeCode {
    /// The dialect of a version.
    pub(crate) fn new(version: Version, namespace: IdNamespace) -> Self {
        Self { version, namespace }
    }
}

#[async_trait]
impl Dialect for RhodeCode {
    fn methods(&self) -> &'static [MethodInfo] {
        &registry::METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        decoded(&request.path).trim_start_matches('/') == "_admin/api"
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let manners = self.version.manners();
        if let Some(page) = self.page(request) {
            return page;
        }
        let (mut response, ran) = self.reply(request, exchange).await;
        if request.method == "HEAD" {
            response.body.clear();
        }
        if ran || manners.always_cookie {
            return envelope::with_cookie(response, exchange);
        }
        response
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        if decoded(&request.path).trim_start_matches('/') != "_admin/api" {
            // A page of an origin's that could not be had is not missing.
            let html = self.version.manners().error_page;
            match fault.kind {
                FaultKind::Malformed => return envelope::page(400, html),
                kind if !kind.is_callers() => return envelope::page(500, html),
                _ => {}
            }
        }
        match self.page(request) {
            Some(page) => page,
            None if fault.kind == FaultKind::TooLarge => {
                envelope::page(413, self.version.manners().error_page)
            }
            None => envelope::refusal(self.version, &Py::None, "Internal server error"),
        }
    }
}

impl RhodeCode {
    /// The page for people that some requests are answered with.
    fn page(&self, request: &Request) -> Option<Response> {
        let manners = self.version.manners();
        // The web server in front refuses verbs that are not in capitals.
        if request.method.chars().any(|letter| letter.is_ascii_lowercase()) {
            return Some(envelope::page(400, "text/html"));
        }
        let path = decoded(&request.path);
        let below = path.strip_prefix('/').unwrap_or_default();
        let below = if manners.double_slash { below.trim_start_matches('/') } else { below };
        if below != "_admin/api" {
            return Some(envelope::page(404, manners.missing_page));
        }
        let multipart = envelope::content_type(request).starts_with("multipart/form-data");
        multipart.then(|| envelope::page(manners.multipart, manners.error_page))
    }

    /// The answer, and whether a method has run.
    async fn reply(&self, request: &Request, exchange: &dyn Exchange) -> (Response, bool) {
        let envelope = match envelope::open(self.version, request) {
            Ok(envelope) => envelope,
            Err(Torn::Told(id, sentence)) => {
                return (envelope::refusal(self.version, &id, sentence), false);
            }
            Err(Torn::Broken) => return (envelope::page(500, envelope::HTML), false),
        };
        let Some(name) = envelope.method.as_str() else {
            return (self.unknown_method(&envelope), false);
        };
        let Some(row) = registry::find(self.version, name) else {
            let answer = match exchange.forward(request.clone()).await {
                Some(Ok(answer)) => answer,
                Some(Err(fault)) => self.refuse(request, &fault),
                None => self.unknown_method(&envelope),
            };
            return (answer, false);
        };
        let address = address(request);
        let caller = match self.identify(&envelope.token, &address, exchange).await {
            Ok(caller) => caller,
            Err(raised) => return (self.close(&envelope, row, Err(raised), exchange), false),
        };
        if let Some(missing) = missing(self.version, row, &envelope) {
            return (envelope::refusal(self.version, &envelope.id, missing), false);
        }
        let call = Call {
            view: View { version: self.version, namespace: &self.namespace },
            exchange,
            caller: &caller,
            address: &address,
            args: &envelope.args,
            request,
        };
        let answer = (row.run)(&call).await;
        (self.close(&envelope, row, answer, exchange), true)
    }

    fn close(
        &self,
        envelope: &Envelope,
        row: &Row,
        answer: call::Answer,
        exchange: &dyn Exchange,
    ) -> Response {
        envelope::close(self.version, &envelope.id, row.deprecated, answer, exchange)
    }

    /// An unknown method is told before the token is looked at.
    fn unknown_method(&self, envelope: &Envelope) -> Response {
        let method = envelope.method.text();
        // RhodeCode cannot put a name that is not ASCII into its sentence.
        if !method.is_ascii() {
            return envelope::page(500, self.version.manners().error_page);
        }
        let mut sentence = format!("No such method: {method}");
        if self.version.manners().similar {
            let found = self.similar(envelope.method.as_str().unwrap_or_default());
            let names: Vec<_> = found.iter().map(|row| row.method.name).collect();
            let similar = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            sentence = format!("{sentence}. Similar methods: {similar}");
        }
        envelope::refusal(self.version, &envelope.id, sentence)
    }

    /// The methods whose names have a part of this one. Nothing is similar to a name that is longer
    /// than any name of a method can be: RhodeCode looks for the parts of that too.
    fn similar(&self, method: &str) -> Vec<&'static Row> {
        const LONGEST: usize = 255;
        if method.is_empty() || method.len() > LONGEST {
            return Vec::new();
        }
        let patterns: Vec<_> = method.split('_').map(|part| format!("*{part}*")).collect();
        registry::matching(self.version, patterns.iter().map(String::as_str))
    }

    /// Proves who asks. A token that was understood but does not do is told apart:
    /// fixtures/transcripts/rhodecode/auth-token.json.
    async fn identify(
        &self,
        token: &Py,
        address: &str,
        exchange: &dyn Exchange,
    ) -> Result<Caller, Raised> {
        let invalid = || Raised::error("Invalid API KEY");
        let Py::Str(token) = token else { return Err(invalid()) };
        let credentials = Credentials::Key {
            namespace: self.namespace.clone(),
            value: Secret::new(token.as_str()),
            scopes: &["all", "api"],
        };
        exchange.identify(credentials).await.map_err(|fault| match fault.refusal {
            Some(Refusal::Inactive) => Raised::error("Request from this user not allowed"),
            Some(Refusal::Address) => {
                Raised::error(format!("Request from IP:{address} not allowed"))
            }
            Some(Refusal::Scope) => Raised::error(self.version.manners().bad_role),
            Some(_) => invalid(),
            None => Raised::from(fault),
        })
    }
}

/// The first required argument that is not there, in a sentence.
fn missing(version: Version, row: &Row, envelope: &Envelope) -> Option<String> {
    let signature = row.signature(version);
    let own = signature.iter().filter(|(name, _)| name != "request" && name != "apiuser");
    let mut required = own.filter(|(_, default)| default.is_none());
    let (name, _) = required.find(|(name, _)| envelope.args.get(name).is_none())?;
    Some(format!("Missing non optional `{name}` arg in JSON DATA"))
}

/// The caller's address in words; RhodeCode says `0.0.0.0` where it knows none.
fn address(request: &Request) -> String {
    request.client.map_or_else(|| "0.0.0.0".to_owned(), |client| client.to_string())
}

/// A path without its percent signs.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
