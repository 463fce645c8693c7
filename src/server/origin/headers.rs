//! Headers on their way through: what is about one connection stays there (RFC 9110, section
//! 7.6.1), `X-Forwarded-*` say who really asked, and `Via` says who has passed a message on.

use std::borrow::Cow;

use actix_web::http::header::{HeaderMap, HeaderValue};
use bytes::Bytes;

use crate::proxies::header_as_read;
use crate::server::head::Head;

/// Headers that are about one connection, not about the message.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that are written anew: how the body is framed, who passed it on, and what was already
/// answered here.
const ANEW: [&str; 4] = ["content-length", "expect", "host", "via"];

/// What passes from one side to the other.
#[derive(Debug)]
pub(super) struct Through {
    /// What the `Connection` headers name, which is about the connection too.
    named: Vec<String>,
}

impl Through {
    /// For a message with these `Connection` headers: all of them count.
    pub(super) fn of<'a>(connection: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut named = Vec::new();
        for value in connection {
            let value = String::from_utf8_lossy(value).to_lowercase();
            named.extend(value.split(',').map(|name| name.trim().to_owned()));
        }
        Self { named }
    }

    /// Whether one of the `Connection` headers names this.
    pub(super) fn names(&self, name: &str) -> bool {
        self.named.iter().any(|own| own == name)
    }

    /// Whether a header goes on as it is; its name in lower case.
    pub(super) fn lets(&self, name: &str) -> bool {
        let read = header_as_read(name);
        !HOP_BY_HOP.contains(&&*read) && !ANEW.contains(&&*read) && !self.names(name)
    }
}

/// The values of a header, all of them.
pub(super) fn all<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).map(HeaderValue::as_bytes)
}

/// Several headers of one name as the one that they stand for.
pub(super) fn joined<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(", ")
}

/// A caller's headers, as far as they go on: what only a trusted proxy may say goes on from one.
pub(super) fn onward(asked: &Head<'_>) -> impl Iterator<Item = (String, Bytes)> {
    let through = Through::of(all(asked.headers, "connection"));
    asked
        .believed()
        .filter(move |(name, _)| through.lets(name.as_str()) && !WRITTEN.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())))
}

/// What [`forwarded`] writes.
const WRITTEN: [&str; 3] = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Who really asked, for whom, and how. What a trusted proxy says is passed on with our own word
/// last.
pub(super) fn forwarded(asked: &Head<'_>) -> [(String, Bytes); 3] {
    let said = |name| all(asked.headers, name).filter(|_| asked.sender.by_proxy);
    let chain = said("x-forwarded-for").map(String::from_utf8_lossy).map(Cow::into_owned);
    let chain: Vec<_> = chain.chain(asked.peer.map(|peer| peer.to_string())).collect();
    let scheme = said("x-forwarded-proto").next().unwrap_or(b"http");
    let header = |name: &str, value: Bytes| (name.to_owned(), value);
    let [for_whom, host, proto] = WRITTEN;
    [
        header(for_whom, chain.join(", ").into()),
        header(host, asked.host().into()),
        header(proto, Bytes::copy_from_slice(scheme)),
    ]
}
