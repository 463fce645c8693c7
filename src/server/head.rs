//! The head of a request: its sender, its host, and its form for a dialect.

use std::net::IpAddr;
use std::sync::OnceLock;

use actix_http::RequestHead;
use actix_http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::HttpRequest;
use actix_web::http::uri::Authority;
use actix_web::http::{Method, Uri};
use bytes::Bytes;
use isogloss_canonical::http::Request;
use jiff::Timestamp;
use uuid::Uuid;

use crate::origin::incoming::{Inbound, IncomingHead};
use crate::proxies::{Proxies, Sender, is_a_proxys};

/// The longest request id that is taken from a trusted proxy.
const LONGEST_ID: usize = 128;

/// The head of a request, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    /// The address of the other end of the connection.
    pub(super) peer: Option<IpAddr>,
    pub(super) sender: Sender,
}

impl<'a> Head<'a> {
    /// The head of a request that is being answered.
    pub(super) fn of(request: &'a HttpRequest, proxies: &Proxies) -> Self {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let peer = request.peer_addr().map(|address| address.ip());
        let sender = proxies.sender(peer, forwarded_for(headers).into_iter());
        Self { method, uri, headers, peer, sender }
    }

    /// The head of a request with `Expect: 100-continue`, before its body is sent.
    pub(super) fn waiting(head: &'a RequestHead, proxies: &Proxies) -> Self {
        let (method, uri, headers) = (&head.method, &head.uri, &head.headers);
        let peer = head.peer_addr.map(|address| address.ip());
        let sender = proxies.sender(peer, forwarded_for(headers).into_iter());
        Self { method, uri, headers, peer, sender }
    }

    /// The host that the client asks for: from a trusted proxy, otherwise from the request itself.
    pub(super) fn host(&self) -> String {
        let forwarded = self.text("x-forwarded-host").filter(|_| self.sender.by_proxy);
        let authority = self.uri.authority().map(Authority::as_str);
        let host = forwarded.or(authority).or_else(|| self.text("host")).unwrap_or_default();
        host.split(',').next().unwrap_or_default().trim().to_owned()
    }

    /// The first header of a name as text, if it is valid text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The headers. If the sender is no trusted proxy, those that only a proxy may send are left
    /// out.
    pub(super) fn believed(&self) -> impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)> {
        let by_proxy = self.sender.by_proxy;
        self.headers.iter().filter(move |(name, _)| by_proxy || !is_a_proxys(name.as_str()))
    }

    /// How the client reaches a route with this path. The listener itself speaks no TLS.
    pub(super) fn inbound(&self, route_path: &str, id: Uuid) -> Inbound {
        let said = |name| self.text(name).filter(|_| self.sender.by_proxy);
        let first = |text: &str| text.split(',').next().unwrap_or_default().trim().to_owned();
        let scheme = said("x-forwarded-proto").map_or("http".to_owned(), first);
        let outer = said("x-script-name").or_else(|| said("x-forwarded-prefix")).map(first);
        let outer = outer.unwrap_or_default();
        let is_id =
            |id: &&str| id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        let request_id = said("x-request-id").filter(is_id);
        Inbound {
            scheme,
            host: self.host(),
            prefix: format!("{}{route_path}", outer.trim_end_matches('/')),
            peer: self.peer,
            sender: self.sender,
            request_id: request_id.map_or_else(|| id.to_string(), str::to_owned),
            proved: OnceLock::new(),
        }
    }

    /// The head as it is forwarded to an origin.
    pub(super) fn incoming<'b>(&'b self, below: &'b str, inbound: &'b Inbound) -> IncomingHead<'b> {
        let header =
            |(name, value): (&'b HeaderName, &'b HeaderValue)| (name.as_str(), value.as_bytes());
        IncomingHead {
            method: self.method.as_str(),
            path: below,
            query: self.uri.query(),
            headers: self.headers.iter().map(header).collect(),
            inbound,
        }
    }

    /// The request for a dialect, without its body.
    pub(super) fn translate(&self, below: &str, path_prefix: &str) -> Request {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))
        };
        Request {
            method: self.method.as_str().to_owned(),
            path: below.to_owned(),
            query: self.uri.query().map(str::to_owned),
            headers: self.believed().map(header).collect(),
            body: Bytes::new(),
            path_prefix: path_prefix.to_owned(),
            client: self.sender.client,
            received: Timestamp::now(),
        }
    }
}

fn forwarded_for(headers: &HeaderMap) -> Vec<&[u8]> {
    values(headers, "x-forwarded-for").collect()
}

/// All values of a header.
pub(super) fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).map(HeaderValue::as_bytes)
}
