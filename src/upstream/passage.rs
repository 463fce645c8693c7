//! Exchanges that are not held in memory: bodies of any size, answers that take their time, and
//! connections that leave HTTP behind.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use isogloss_canonical::fault::{Fault, FaultKind};
use reqwest::{Body, Method, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::upstream::{HttpUpstream, fault};

/// The pieces of a body, as they come.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A request that goes while it comes.
pub struct Passing {
    /// The verb.
    pub method: String,
    /// The path below the base address, percent-encoded.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The headers.
    pub headers: Vec<(String, Bytes)>,
    /// The body, if there is one.
    pub body: Option<Pieces>,
}

impl std::fmt::Debug for Passing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passing({} {})", self.method, self.path)
    }
}

/// An answer that goes while it comes.
#[derive(Debug)]
pub struct Passed(reqwest::Response);

impl HttpUpstream {
    /// Sends a request while it comes; answers as soon as the head of the answer is there.
    pub async fn pass(&self, passing: Passing) -> Result<Passed, Fault> {
        let method = Method::from_bytes(passing.method.as_bytes())
            .map_err(|error| Fault::new(FaultKind::Malformed, "verb").because(error))?;
        let mut ask = self.ask(method, &passing.path, passing.query.as_deref());
        for (name, value) in &passing.headers {
            ask = ask.header(name, value.as_ref());
        }
        if let Some(body) = passing.body {
            ask = ask.body(Body::wrap_stream(body));
        }
        ask.send().await.map(Passed).map_err(fault)
    }
}

impl Passed {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Whether both sides now leave HTTP behind.
    #[must_use]
    pub fn switches(&self) -> bool {
        self.0.status() == StatusCode::SWITCHING_PROTOCOLS
    }

    /// The headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// The length of the body, where it is known beforehand.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.0.content_length()
    }

    /// The body.
    #[must_use]
    pub fn pieces(self) -> Pieces {
        Box::pin(self.0.bytes_stream().map_err(io::Error::other))
    }

    /// The connection, for whatever the two sides now speak.
    pub async fn connection(self) -> Result<impl AsyncRead + AsyncWrite + Send + 'static, Fault> {
        self.0.upgrade().await.map_err(fault)
    }
}
