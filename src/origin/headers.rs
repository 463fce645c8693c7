//! The headers that are forwarded. Headers about one connection are not forwarded (RFC 9110,
//! section 7.6.1). `X-Forwarded-*` name the client, and `Via` lists the gateways on the way.

use std::borrow::Cow;

use bytes::Bytes;

use crate::origin::incoming::IncomingHead;
use crate::proxies::{header_as_read, is_a_proxys};

/// Headers about one connection, not about the message.
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

/// Headers that the gateway replaces: the framing of the body, `Host`, `Via`, and `Expect`, which
/// it answers itself.
const ANEW: [&str; 4] = ["content-length", "expect", "host", "via"];

/// The headers that [`client_headers`] writes.
const WRITTEN: [&str; 3] = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Selects the end-to-end headers of a message, which are forwarded.
#[derive(Debug)]
pub(crate) struct EndToEnd {
    /// The headers that the `Connection` headers name. They are about the connection too.
    named: Vec<String>,
}

impl EndToEnd {
    /// The selection for a message with these `Connection` headers. All of them count.
    pub(crate) fn of<'a>(connection: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut named = Vec::new();
        for value in connection {
            let value = String::from_utf8_lossy(value).to_lowercase();
            named.extend(value.split(',').map(|name| name.trim().to_owned()));
        }
        Self { named }
    }

    /// Whether one of the `Connection` headers names this header.
    pub(crate) fn connection_names(&self, name: &str) -> bool {
        self.named.iter().any(|own| own == name)
    }

    /// Whether a header is forwarded unchanged. The name is in lower case.
    pub(super) fn includes(&self, name: &str) -> bool {
        let read = header_as_read(name);
        !HOP_BY_HOP.contains(&&*read) && !ANEW.contains(&&*read) && !self.connection_names(name)
    }
}

/// Joins several headers of one name with commas.
pub(super) fn joined<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(", ")
}

/// The headers of a client's request that are forwarded to the origin. Headers that only a trusted
/// proxy may send are forwarded only from one.
pub(super) fn forwarded_headers(head: &IncomingHead<'_>) -> Vec<(String, Bytes)> {
    let end_to_end = EndToEnd::of(head.values("connection"));
    let goes = |name: &str| {
        let believed = head.sender.by_proxy || !is_a_proxys(name);
        believed && end_to_end.includes(name) && !WRITTEN.contains(&name)
    };
    let headers = head.headers.iter().filter(|(name, _)| goes(name));
    headers.map(|(name, value)| ((*name).to_owned(), Bytes::copy_from_slice(value))).collect()
}

/// The headers with the client's address, host and protocol. The values of a trusted proxy come
/// first.
pub(super) fn client_headers(head: &IncomingHead<'_>) -> [(String, Bytes); 3] {
    let said = |name| head.values(name).filter(|_| head.sender.by_proxy);
    let chain = said("x-forwarded-for").map(String::from_utf8_lossy).map(Cow::into_owned);
    let chain: Vec<_> = chain.chain(head.peer.map(|peer| peer.to_string())).collect();
    let scheme = said("x-forwarded-proto").next().unwrap_or(b"http");
    let header = |name: &str, value: Bytes| (name.to_owned(), value);
    let [client, host, proto] = WRITTEN;
    [
        header(client, chain.join(", ").into()),
        header(host, head.host.clone().into()),
        header(proto, Bytes::copy_from_slice(scheme)),
    ]
}
