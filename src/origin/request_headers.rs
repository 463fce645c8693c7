//! The headers of a request to an origin: one function for requests that stream and for calls that
//! a dialect forwards.

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use isogloss_canonical::fault::{Fault, FaultKind};

use crate::origin::headers::{EndToEnd, joined};
use crate::origin::incoming::{Inbound, IncomingHead};
use crate::origin::site::{Site, Sites};
use crate::proxies::{header_as_read, is_a_proxys};

/// Headers that the function below writes anew.
const WRITTEN: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-request-id",
    "x-script-name",
];

/// What an origin is told, and how: by the configuration of its route.
#[derive(Debug)]
pub(super) struct Rules {
    /// Where the origin is.
    pub(super) site: Site,
    /// The gateway's name in `Via`. Each origin has another one, so that a chain of gateways is not
    /// taken for a loop.
    pub(super) pseudonym: String,
    /// Headers with which a trusted proxy names the user. They are not forwarded from other
    /// clients.
    pub(super) vouching: Vec<String>,
    /// Whether the origin hears the `Host` that the client sent.
    pub(super) preserve_host: bool,
}

impl Rules {
    /// The headers to send. A fault, if this gateway has forwarded the request already.
    pub(super) fn headers(&self, head: &IncomingHead<'_>) -> Result<Vec<(String, Bytes)>, Fault> {
        let via = self.via(&joined(head.values("via")))?;
        let end_to_end = EndToEnd::of(head.values("connection"));
        let goes = |name: &str| {
            let known =
                head.inbound.sender.by_proxy || !is_a_proxys(name) && !self.is_vouching(name);
            known && end_to_end.includes(name) && !WRITTEN.contains(&&*header_as_read(name))
        };
        let sites = Sites { origin: &self.site, inbound: head.inbound };
        let mut headers = Vec::with_capacity(head.headers.len() + WRITTEN.len());
        for (name, value) in head.headers.iter().filter(|(name, _)| goes(name)) {
            headers.push(((*name).to_owned(), self.rewritten(name, value, sites)));
        }
        let mut write = |name: &str, value: String| headers.push((name.to_owned(), value.into()));
        if self.preserve_host && !head.inbound.host.is_empty() {
            write("host", head.inbound.host.clone());
        }
        if end_to_end.takes_trailers(head.values("te")) {
            write("te", "trailers".to_owned());
        }
        write("via", via);
        for (name, value) in client_headers(head) {
            write(name, value);
        }
        Ok(headers)
    }

    /// A value as it goes: a browser's own pages stay the origin's own pages.
    fn rewritten(&self, name: &str, value: &[u8], sites: Sites<'_>) -> Bytes {
        let as_it_is = || Bytes::copy_from_slice(value);
        if self.preserve_host || !matches!(name, "origin" | "referer") {
            return as_it_is();
        }
        let text = std::str::from_utf8(value).ok();
        text.and_then(|text| sites.to_origin(text)).map_or_else(as_it_is, Bytes::from)
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

/// The headers with the client's address, host, path prefix and protocol. The values of a trusted
/// proxy come first.
fn client_headers(head: &IncomingHead<'_>) -> Vec<(&'static str, String)> {
    let Inbound { scheme, host, prefix, peer, sender, request_id, .. } = head.inbound;
    let said = |name| head.values(name).filter(|_| sender.by_proxy);
    let chain = |name, own: Option<String>| {
        let earlier = said(name).map(String::from_utf8_lossy).map(Cow::into_owned);
        earlier.chain(own).collect::<Vec<_>>().join(", ")
    };
    let mut headers = vec![
        ("x-forwarded-for", chain("x-forwarded-for", peer.map(|peer| peer.to_string()))),
        ("x-forwarded-proto", scheme.clone()),
        ("forwarded", chain("forwarded", Some(forwarded(*peer, host, scheme)))),
        ("x-request-id", request_id.clone()),
    ];
    headers.extend([("x-forwarded-host", host.clone())]);
    headers.extend(["x-forwarded-prefix", "x-script-name"].map(|name| (name, prefix.clone())));
    headers.retain(|(_, value)| !value.is_empty());
    headers
}

/// This hop, as RFC 7239 writes it.
fn forwarded(peer: Option<IpAddr>, host: &str, scheme: &str) -> String {
    let quoted = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if text.chars().all(plain) {
            text.to_owned()
        } else {
            format!("\"{}\"", text.replace(['"', '\\'], ""))
        }
    };
    let client = match peer.map(|peer| peer.to_canonical()) {
        Some(IpAddr::V6(address)) => format!("\"[{address}]\""),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => "unknown".to_owned(),
    };
    let host = if host.is_empty() { String::new() } else { format!(";host={}", quoted(host)) };
    format!("for={client}{host};proto={}", quoted(scheme))
}
