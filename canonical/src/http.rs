//! HTTP requests and responses as adapters use them, without the types of a framework.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::fault::Fault;

/// A request as it came, below the route's path prefix.
#[derive(Clone, Debug)]
pub struct Request {
    /// The verb, as written.
    pub method: String,
    /// The path below the path prefix, still percent-encoded: `/jsonrpc.php`.
    pub path: String,
    /// The query without its question mark, still percent-encoded.
    pub query: Option<String>,
    /// The headers in their order; names in lower case.
    pub headers: Vec<(String, Bytes)>,
    /// The body.
    pub body: Bytes,
    /// The prefix the route is mounted under: `/kanboard`, or empty.
    pub path_prefix: String,
    /// The client's address, the one that every limit and every list of addresses goes by: the
    /// other end of the connection, or what trusted proxies say.
    pub client: Option<IpAddr>,
    /// When it came.
    pub received: Timestamp,
}

impl Request {
    /// A request to be sent to a system, below its base address.
    #[must_use]
    pub fn to(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            query: None,
            headers: Vec::new(),
            body: Bytes::new(),
            path_prefix: String::new(),
            client: None,
            received: Timestamp::UNIX_EPOCH,
        }
    }

    /// Adds a header; the name in lower case.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Gives it a body of this content type.
    #[must_use]
    pub fn carrying(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.with("content-type", content_type)
    }

    /// A header's value as bytes; the first, if there are several.
    #[must_use]
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_ref())
    }

    /// A header's values joined as HTTP says (RFC 9110, section 5.3): for credentials. Of two keys in
    /// one request neither is valid.
    #[must_use]
    pub fn joined_header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
        let first = values.next()?;
        let mut joined = Cow::Borrowed(first.as_ref());
        for value in values {
            joined.to_mut().push(b',');
            joined.to_mut().extend_from_slice(value);
        }
        Some(joined)
    }

    /// A header's value as text, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_bytes(name).and_then(|value| std::str::from_utf8(value).ok())
    }
}

/// An answer as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers in their order. A length is added by the server.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body, or its beginning.
    pub body: Bytes,
    /// The rest of the body. `None`: `body` is all of it.
    pub rest: Option<Rest>,
}

/// Makes a body piece by piece, while it is sent.
#[async_trait]
pub trait Pieces: Send {
    /// The next piece. `None`: the body is complete. A fault ends the connection, since the head has
    /// been sent.
    async fn next(&mut self) -> Option<Result<Bytes, Fault>>;
}

/// The rest of a body. It can be read once; a copy of it is the same rest.
#[derive(Clone)]
pub struct Rest(Arc<Mutex<Option<Box<dyn Pieces>>>>);

impl Rest {
    /// The pieces of a rest.
    #[must_use]
    pub fn new(pieces: impl Pieces + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(pieces)))))
    }

    /// The pieces. `None`: somebody has taken them already.
    #[must_use]
    pub fn take(&self) -> Option<Box<dyn Pieces>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Appends all pieces.
    pub async fn append_to(&self, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(mut pieces) = self.take() else { return Ok(()) };
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(())
    }
}

impl Debug for Rest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rest")
    }
}

/// Rests are equal if they are the same.
impl PartialEq for Rest {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Rest {}

impl Response {
    /// An answer without headers.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), rest: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Leaves the body out, as for a HEAD request.
    pub fn clear_body(&mut self) {
        self.body.clear();
        self.rest = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_header_are_joined() {
        let one = Request::to("GET", "/").with("x-api-key", "right");
        assert_eq!(one.joined_header("x-api-key").as_deref(), Some(&b"right"[..]));
        let two = one.with("host", "a").with("x-api-key", "wrong");
        assert_eq!(two.joined_header("x-api-key").as_deref(), Some(&b"right,wrong"[..]));
        assert_eq!(two.joined_header("authorization"), None);
    }
}
