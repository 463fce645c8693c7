//! The HTTP client of an origin. It streams bodies of any size and does not hold them in memory. A
//! connection may switch to a websocket.
//!
//! The path and the query are forwarded byte for byte. Only this file writes the headers that frame
//! a body, and it takes them from the body itself, so that the declared length is always the real
//! one.

use std::io;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Frame;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use isogloss_canonical::fault::{Fault, FaultKind};

use crate::origin::pieces::{Pieces, WEBSOCKET};
use crate::origin::response::OriginResponse;
use crate::origin::site::Site;
use crate::origin::tls;
use crate::upstream::{IDLE, Reach};

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The body of a request, and its framing.
pub enum RequestBody {
    /// No body.
    Nothing,
    /// A body of this length. If fewer bytes arrive, the connection is closed.
    Sized(u64, Pieces),
    /// A body in chunks.
    Chunked(Pieces),
    /// A whole body.
    Whole(Bytes),
    /// No body, and a request to switch to a websocket.
    Websocket,
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Sized(..) => "Sized",
            Self::Chunked(_) => "Chunked",
            Self::Whole(_) => "Whole",
            Self::Websocket => "Websocket",
        })
    }
}

/// A request that is sent while it arrives.
pub struct OriginRequest {
    /// The verb.
    pub method: String,
    /// The path below the base URL with the query, byte for byte as it is sent.
    pub target: String,
    /// The end-to-end headers, without those that frame the body.
    pub headers: Vec<(String, Bytes)>,
    /// The body.
    pub body: RequestBody,
}

impl std::fmt::Debug for OriginRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OriginRequest({})", self.method)
    }
}

/// An HTTP client for one origin.
#[derive(Debug)]
pub struct OriginClient {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    scheme: Scheme,
    authority: Authority,
    /// The path of the base URL, without a slash at the end.
    base_path: String,
}

impl OriginClient {
    /// Prepares the client. Nothing is sent yet. The error says what is wrong.
    pub fn new(reach: &Reach) -> Result<Self, String> {
        let wrong = |why: &str| format!("url {:?}: {why}", masked(&reach.url));
        let base: Uri = reach.url.parse().map_err(|_| wrong("cannot be read"))?;
        let scheme = base.scheme().cloned().ok_or_else(|| wrong("has no scheme"))?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong("is neither http nor https"));
        }
        let authority = base.authority().cloned().ok_or_else(|| wrong("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("holds a name or password: callers' own credentials are forwarded"));
        }
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(reach.connect_timeout));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls::config(reach)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        let base_path = base.path().trim_end_matches('/').to_owned();
        Ok(Self { client, scheme, authority, base_path })
    }

    /// Where the origin is.
    #[must_use]
    pub(super) fn site(&self) -> Site {
        Site {
            scheme: self.scheme.to_string(),
            authority: self.authority.to_string(),
            base: self.base_path.clone(),
        }
    }

    /// Sends a request while it arrives. Returns when the head of the answer has arrived.
    pub async fn forward(&self, request: OriginRequest) -> Result<OriginResponse, Fault> {
        let websocket = matches!(request.body, RequestBody::Websocket);
        let request = self.request(request).map_err(|error| {
            Fault::new(FaultKind::Malformed, "the request cannot be forwarded").because(error)
        })?;
        let response = self.client.request(request).await.map(OriginResponse::of).map_err(fault)?;
        if response.switches() && !(websocket && response.is_for_a_websocket()) {
            return Err(Fault::new(
                FaultKind::Unavailable,
                "the origin switched protocols without a request",
            ));
        }
        Ok(response)
    }

    fn request(&self, request: OriginRequest) -> Result<http::Request<Body>, http::Error> {
        let target = format!("{}{}", self.base_path, request.target);
        let root = if target.starts_with('/') { "" } else { "/" };
        let target = PathAndQuery::try_from(format!("{root}{target}"))?;
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()?;
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            headers.append(name, HeaderValue::from_maybe_shared(value)?);
        }
        let mut built = http::Request::new(framed(&mut headers, request.body));
        *built.method_mut() = Method::from_bytes(request.method.as_bytes())?;
        *built.uri_mut() = uri;
        *built.headers_mut() = headers;
        Ok(built)
    }
}

/// Sets the framing of a body. Framing in the headers is ignored.
fn framed(headers: &mut HeaderMap, body: RequestBody) -> Body {
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE] {
        headers.remove(name);
    }
    if headers.contains_key(TE) {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    let broken = |never: std::convert::Infallible| match never {};
    match body {
        RequestBody::Nothing => Empty::new().map_err(broken).boxed_unsync(),
        RequestBody::Whole(body) => Full::new(body).map_err(broken).boxed_unsync(),
        RequestBody::Sized(length, pieces) => {
            headers.insert(CONTENT_LENGTH, length.into());
            streamed(pieces)
        }
        RequestBody::Chunked(pieces) => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            streamed(pieces)
        }
        RequestBody::Websocket => {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
            Empty::new().map_err(broken).boxed_unsync()
        }
    }
}

fn streamed(pieces: Pieces) -> Body {
    BodyExt::boxed_unsync(StreamBody::new(pieces.map_ok(Frame::data)))
}

/// A URL without the part before an `@`.
fn masked(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

/// The fault for a failure to reach the origin. A body that is too long, or that did not arrive, is the
/// client's failure.
fn fault(error: hyper_util::client::legacy::Error) -> Fault {
    let mut cause = std::error::Error::source(&error);
    while let Some(own) = cause {
        match own.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::FileTooLarge) => return too_large(),
            Some(io::ErrorKind::InvalidData) => {
                return Fault::new(FaultKind::Malformed, "a call with two meanings");
            }
            Some(io::ErrorKind::TimedOut) if !error.is_connect() => {
                return Fault::new(FaultKind::Timeout, "exchange").because(error);
            }
            Some(_) | None => cause = own.source(),
        }
    }
    let detail = if error.is_connect() { "connect" } else { "exchange" };
    Fault::new(FaultKind::Unavailable, detail).because(error)
}

/// The body is over the limit of the origin.
pub(crate) fn too_large() -> Fault {
    Fault::new(FaultKind::TooLarge, "the body is over the origin's limit")
}
