//! The head of a request for an origin, as read by the listener.

use std::net::IpAddr;

use crate::proxies::Sender;

/// The head of a request: its headers in their order, with names in lower case.
#[derive(Debug)]
pub struct IncomingHead<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path below the route's path prefix, byte for byte.
    pub path: &'a str,
    /// The query without its question mark, byte for byte.
    pub query: Option<&'a str>,
    /// All headers.
    pub headers: Vec<(&'a str, &'a [u8])>,
    /// The host that the client asks for.
    pub host: String,
    /// The address of the other end of the connection.
    pub peer: Option<IpAddr>,
    /// The sender of the request.
    pub sender: Sender,
}

impl<'a> IncomingHead<'a> {
    /// All values of a header.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// The path with its query.
    pub(super) fn target(&self) -> String {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.path)
    }
}
