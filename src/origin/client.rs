//! The HTTP client of an origin. It streams bodies of any size and does not hold them in memory. A
//! connection may switch to a websocket.
//!
//! The path and the query are forwarded byte for byte. Only this file writes the headers that frame
//! a body, and it takes them from the body itself, so that the declared length is always the real
//! one.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::origin::headers::EndToEnd;
use crate::origin::tls;
use crate::upstream::{IDLE, Reach};

/// The only protocol that a connection may switch to.
const WEBSOCKET: &str = "websocket";

/// The pieces of a body, as they arrive.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

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
    timeout: Duration,
    response_limit: usize,
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
        let (timeout, response_limit) = (reach.timeout, reach.response_limit);
        Ok(Self { client, scheme, authority, base_path, timeout, response_limit })
    }

    /// The path of the base URL, without a slash at the end.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Sends a request while it arrives. Returns when the head of the answer has arrived.
    pub async fn forward(&self, request: OriginRequest) -> Result<OriginResponse, Fault> {
        let websocket = matches!(request.body, RequestBody::Websocket);
        let request = self.request(request).map_err(|error| {
            Fault::new(FaultKind::Malformed, "the request cannot be forwarded").because(error)
        })?;
        let response = self.client.request(request).await.map(OriginResponse).map_err(fault)?;
        if response.switches() && !(websocket && response.is_for_a_websocket()) {
            return Err(Fault::new(
                FaultKind::Unavailable,
                "the origin switched protocols without a request",
            ));
        }
        Ok(response)
    }

    fn request(&self, request: OriginRequest) -> Result<http::Request<Body>, http::Error> {
        let target = PathAndQuery::try_from(format!("{}{}", self.base_path, request.target))?;
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

    /// Sends a whole request and waits for the whole answer.
    pub async fn send(&self, request: Request) -> Result<Response, Fault> {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let forwarded = OriginRequest {
            method: request.method,
            target: format!("{}{query}", request.path),
            headers: request.headers,
            body: RequestBody::Whole(request.body),
        };
        tokio::time::timeout(self.timeout, async {
            self.forward(forwarded).await?.whole(self.response_limit).await
        })
        .await
        .unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "the origin took too long")))
    }
}

/// Sets the framing of a body. Framing in the headers is ignored.
fn framed(headers: &mut HeaderMap, body: RequestBody) -> Body {
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE] {
        headers.remove(name);
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

/// An answer that is read while it arrives.
#[derive(Debug)]
pub struct OriginResponse(http::Response<Incoming>);

impl OriginResponse {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Whether the origin has accepted the switch of protocols.
    #[must_use]
    pub fn switches(&self) -> bool {
        self.0.status() == StatusCode::SWITCHING_PROTOCOLS
    }

    fn is_for_a_websocket(&self) -> bool {
        let mut named = self.0.headers().get_all(UPGRADE).iter();
        let first = named.next().is_some_and(|value| {
            value.to_str().is_ok_and(|value| value.trim().eq_ignore_ascii_case(WEBSOCKET))
        });
        first && named.next().is_none()
    }

    /// The end-to-end headers.
    pub fn end_to_end_headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let connection = self.headers().filter(|(name, _)| *name == "connection");
        let end_to_end = EndToEnd::of(connection.map(|(_, value)| value));
        self.headers().filter(move |(name, _)| end_to_end.includes(name))
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// The length of the body, if the head has it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        hyper::body::Body::size_hint(self.0.body()).exact()
    }

    /// The body.
    #[must_use]
    pub fn pieces(self) -> Pieces {
        Box::pin(self.0.into_body().into_data_stream().map_err(io::Error::other))
    }

    /// The connection after a switch of protocols.
    pub async fn connection(self) -> Result<impl AsyncRead + AsyncWrite + Send + 'static, Fault> {
        let upgraded = hyper::upgrade::on(self.0).await.map_err(|error| {
            Fault::new(FaultKind::Unavailable, "the origin did not switch").because(error)
        })?;
        Ok(TokioIo::new(upgraded))
    }

    /// The whole answer, up to a limit.
    async fn whole(self, limit: usize) -> Result<Response, Fault> {
        let mut response = Response::new(self.status(), "");
        for (name, value) in self.headers() {
            let value = String::from_utf8_lossy(value).into_owned();
            response = response.with(name.to_owned(), value);
        }
        let (mut pieces, mut body) = (self.pieces(), BytesMut::new());
        while let Some(piece) = pieces.try_next().await.map_err(broken_off)? {
            if body.len() + piece.len() > limit {
                return Err(Fault::new(FaultKind::Unavailable, "the answer is over the limit"));
            }
            body.extend_from_slice(&piece);
        }
        response.body = body.freeze();
        Ok(response)
    }
}

fn broken_off(error: io::Error) -> Fault {
    Fault::new(FaultKind::Unavailable, "the origin's answer ended early").because(error)
}

/// The fault for a failure to reach the origin.
fn fault(error: hyper_util::client::legacy::Error) -> Fault {
    let detail = if error.is_connect() { "connect" } else { "exchange" };
    Fault::new(FaultKind::Unavailable, detail).because(error)
}
