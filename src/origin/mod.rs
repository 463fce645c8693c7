//! The origin of a route: the old system. Requests that the dialect does not translate are
//! forwarded to it byte for byte, and stream in both directions: uploads, long polls and websockets
//! too.

pub mod client;
pub mod headers;
pub mod idle;
pub mod incoming;
mod tls;

use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};

use crate::origin::client::{OriginClient, OriginRequest, OriginResponse, RequestBody};
use crate::origin::headers::{EndToEnd, client_headers, forwarded_headers, joined};
use crate::origin::idle::Activity;
use crate::origin::incoming::IncomingHead;
use crate::proxies::header_as_read;
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
    /// The gateway's name in `Via`. Each origin has another one, so that a chain of gateways is not
    /// taken for a loop.
    pseudonym: String,
    /// Headers with which a trusted proxy names the user. They are not forwarded from other
    /// clients.
    vouching: Vec<String>,
}

impl Origin {
    /// Prepares to forward requests. The error says what is wrong.
    pub fn new(reach: &Reach, idle_limits: IdleLimits, pseudonym: String) -> Result<Self, String> {
        Ok(Self { client: OriginClient::new(reach)?, idle_limits, pseudonym, vouching: Vec::new() })
    }

    /// Sets the headers, in lower case, that are forwarded only from a trusted proxy.
    #[must_use]
    pub fn with_vouching_headers(self, vouching: Vec<String>) -> Self {
        Self { vouching, ..self }
    }

    /// The path of the base URL, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.client.base_path()
    }

    /// How long an exchange with it may be idle.
    #[must_use]
    pub const fn idle_limits(&self) -> IdleLimits {
        self.idle_limits
    }

    /// Forwards one whole request, for a dialect that does not translate a call.
    pub async fn send(&self, request: Request) -> Result<Response, Fault> {
        let values = |wanted: &'static str| {
            let own = request.headers.iter().filter(move |(name, _)| name == wanted);
            own.map(|(_, value)| value.as_ref())
        };
        let via = self.via(&joined(values("via")))?;
        let end_to_end = EndToEnd::of(values("connection"));
        let mut forwarded = request.clone();
        forwarded.headers.retain(|(name, _)| end_to_end.includes(name));
        let mut response = self.client.send(forwarded.with("via", via)).await?;
        let connection = response.headers.iter().filter(|(name, _)| name == "connection");
        let end_to_end = EndToEnd::of(connection.map(|(_, value)| value.as_bytes()));
        response.headers.retain(|(name, _)| end_to_end.includes(name));
        Ok(response)
    }

    /// Forwards a request while it arrives. Returns when the head of the answer has arrived.
    pub async fn forward(
        &self,
        head: &IncomingHead<'_>,
        body: RequestBody,
        activity: &Activity,
    ) -> Result<OriginResponse, Fault> {
        let via = self.via(&joined(head.values("via")))?;
        let mut headers = forwarded_headers(head);
        headers.retain(|(name, _)| head.sender.by_proxy || !self.is_vouching(name));
        headers.push(("via".to_owned(), via.into()));
        headers.extend(client_headers(head));
        let (method, target) = (head.method.to_owned(), head.target());
        let request = OriginRequest { method, target, headers, body };
        tokio::select! {
            response = self.client.forward(request) => response,
            () = activity.idle() => Err(Fault::new(FaultKind::Timeout, "the origin was idle for too long")),
        }
    }

    fn is_vouching(&self, name: &str) -> bool {
        self.vouching.iter().any(|own| header_as_read(own) == header_as_read(name))
    }

    /// The `Via` header to send. A fault if this gateway is already in it: the request goes in a
    /// loop.
    fn via(&self, earlier: &str) -> Result<String, Fault> {
        if earlier.contains(&self.pseudonym) {
            return Err(Fault::new(
                FaultKind::Unavailable,
                "the origin leads back to this gateway",
            ));
        }
        let own = format!("1.1 {}", self.pseudonym);
        Ok(if earlier.is_empty() { own } else { format!("{earlier}, {own}") })
    }
}
