//! A request that goes to an origin: its head, and where it came in.

use std::net::IpAddr;
use std::sync::OnceLock;

use crate::proxies::Sender;

/// How a client reaches the gateway. What a trusted proxy says of it is already counted in.
#[derive(Clone, Debug, Default)]
pub struct Inbound {
    /// `http` or `https`.
    pub scheme: String,
    /// The host that the client asks for, with its port if it was given. Empty: it named none.
    pub host: String,
    /// What stands before the path of the origin's pages, as the client sees them: the prefix of the
    /// proxies in front, then the path of the route. Without a slash at its end; empty: nothing.
    pub prefix: String,
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
    /// Who the request comes from.
    pub sender: Sender,
    /// The id of the request, as the log has it.
    pub request_id: String,
    /// Who was proved while the request was answered: a user name, or `(application)`.
    pub proved: OnceLock<String>,
}

/// The head of a request, with the names of its headers in lower case.
#[derive(Debug)]
pub struct IncomingHead<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path below the route's path prefix, byte for byte.
    pub path: &'a str,
    /// The query without its question mark, byte for byte.
    pub query: Option<&'a str>,
    /// All headers, in their order.
    pub headers: Vec<(&'a str, &'a [u8])>,
    /// Where it came in.
    pub inbound: &'a Inbound,
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
