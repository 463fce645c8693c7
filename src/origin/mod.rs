//! The origin of a route: the old system. Requests that the dialect does not translate are
//! forwarded to it byte for byte, and stream in both directions: uploads, long polls and websockets
//! too.

pub mod client;
pub mod headers;
pub mod idle;
pub mod incoming;
pub mod outline;
pub mod pieces;
mod request_headers;
pub mod response;
mod response_headers;
mod site;
mod tls;

use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};

use crate::origin::client::{OriginClient, OriginRequest, RequestBody};
use crate::origin::idle::Activity;
use crate::origin::incoming::{Inbound, IncomingHead};
use crate::origin::request_headers::Rules;
use crate::origin::response::OriginResponse;
use crate::origin::site::Sites;
use crate::upstream::Reach;

/// The default limit for connecting to an origin.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an exchange may be idle, with no byte in either direction.
#[derive(Clone, Copy, Debug)]
pub struct IdleLimits {
    /// A request and its answer.
    pub exchange: Duration,
    /// A websocket.
    pub websocket: Duration,
}

/// An origin.
#[derive(Debug)]
pub struct Origin {
    client: OriginClient,
    idle_limits: IdleLimits,
    rules: Rules,
    /// The longest body of a request, in bytes; `None`: any length.
    body_limit: Option<u64>,
    /// How long a call may take that is forwarded and answered whole, and how long its answer may be.
    timeout: Duration,
    response_limit: usize,
}

impl Origin {
    /// Prepares to forward requests. The error says what is wrong.
    pub fn new(reach: &Reach, idle_limits: IdleLimits, pseudonym: String) -> Result<Self, String> {
        let client = OriginClient::new(reach)?;
        let (site, vouching) = (client.site(), Vec::new());
        let rules = Rules { site, pseudonym, vouching, preserve_host: false };
        let (timeout, response_limit) = (reach.timeout, reach.response_limit);
        Ok(Self { client, idle_limits, rules, body_limit: None, timeout, response_limit })
    }

    /// Sets the headers, in lower case, that are forwarded only from a trusted proxy.
    #[must_use]
    pub fn with_vouching_headers(mut self, vouching: Vec<String>) -> Self {
        self.rules.vouching = vouching;
        self
    }

    /// Sends the `Host` of the client, not that of the origin's URL.
    #[must_use]
    pub fn preserving_host(mut self, preserve_host: bool) -> Self {
        self.rules.preserve_host = preserve_host;
        self
    }

    /// Takes no longer body than this, in bytes.
    #[must_use]
    pub fn limiting_bodies(self, body_limit: Option<u64>) -> Self {
        Self { body_limit, ..self }
    }

    /// The longest body of a request, in bytes; `None`: any length.
    #[must_use]
    pub const fn body_limit(&self) -> Option<u64> {
        self.body_limit
    }

    /// The path of the base URL, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.rules.site.base
    }

    /// How long an exchange with it may be idle.
    #[must_use]
    pub const fn idle_limits(&self) -> IdleLimits {
        self.idle_limits
    }

    /// Forwards one whole request, for a dialect that does not translate a call.
    pub async fn send(&self, request: &Request, inbound: &Inbound) -> Result<Response, Fault> {
        let headers = request.headers.iter();
        let head = IncomingHead {
            method: &request.method,
            path: &request.path,
            query: request.query.as_deref(),
            headers: headers.map(|(name, value)| (name.as_str(), value.as_ref())).collect(),
            inbound,
        };
        let asked = async {
            let response = self.ask(&head, RequestBody::Whole(request.body.clone())).await?;
            response.whole(self.response_limit).await
        };
        let late = |_| Err(Fault::new(FaultKind::Timeout, "the origin took too long"));
        tokio::time::timeout(self.timeout, asked).await.unwrap_or_else(late)
    }

    /// Forwards a request while it arrives. Returns when the head of the answer has arrived.
    pub async fn forward(
        &self,
        head: &IncomingHead<'_>,
        body: RequestBody,
        activity: &Activity,
    ) -> Result<OriginResponse, Fault> {
        tokio::select! {
            response = self.ask(head, body) => response,
            () = activity.idle() => Err(Fault::new(FaultKind::Timeout, "the origin fell silent")),
        }
    }

    async fn ask(
        &self,
        head: &IncomingHead<'_>,
        body: RequestBody,
    ) -> Result<OriginResponse, Fault> {
        let headers = self.rules.headers(head)?;
        let (method, target) = (head.method.to_owned(), head.target());
        let request = OriginRequest { method, target, headers, body };
        let response = self.client.forward(request).await?;
        Ok(response.seen_from(Sites { origin: &self.rules.site, inbound: head.inbound }))
    }
}
