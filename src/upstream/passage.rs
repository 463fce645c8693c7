//! Exchanges that are not held in memory: bodies of any size, answers that take their time, and
//! connections that leave HTTP behind.
//!
//! The path and the query go as they came, byte for byte. What frames the body is written here and
//! nowhere else, from the body itself: no length goes without its body.

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

use crate::upstream::{IDLE, Reach, tls};

/// The only protocol that an exchange may be left for.
const WEBSOCKET: &str = "websocket";

/// The pieces of a body, as they come.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The body of a request, and with it how it is framed.
pub enum Sent {
    /// There is none.
    Nothing,
    /// It is this long. If fewer bytes come, the connection is closed.
    Sized(u64, Pieces),
    /// It goes in chunks.
    Chunked(Pieces),
    /// It is here.
    Whole(Bytes),
    /// There is none, and both sides leave HTTP behind for websockets.
    Websocket,
}

impl std::fmt::Debug for Sent {
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

/// A request that goes while it comes.
pub struct Passing {
    /// The verb.
    pub method: String,
    /// The path below the base address, with the query: as it goes over the wire.
    pub target: String,
    /// The headers that are not about this connection, nor about how the body is framed.
    pub headers: Vec<(String, Bytes)>,
    /// The body.
    pub body: Sent,
}

impl std::fmt::Debug for Passing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passing({})", self.method)
    }
}

/// A system that requests are passed on to.
#[derive(Debug)]
pub struct Passage {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    scheme: Scheme,
    authority: Authority,
    /// The path of the base address, without a slash at its end.
    below: String,
    timeout: Duration,
    response_limit: usize,
}

impl Passage {
    /// Prepares to reach a system; nothing is sent yet. The error names what is wrong.
    pub fn new(reach: &Reach) -> Result<Self, String> {
        let wrong = |why: &str| format!("url {:?}: {why}", masked(&reach.url));
        let base: Uri = reach.url.parse().map_err(|_| wrong("cannot be read"))?;
        let scheme = base.scheme().cloned().ok_or_else(|| wrong("has no scheme"))?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong("is neither http nor https"));
        }
        let authority = base.authority().cloned().ok_or_else(|| wrong("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("holds a name or password: callers' own credentials are passed on"));
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
        let below = base.path().trim_end_matches('/').to_owned();
        let (timeout, response_limit) = (reach.timeout, reach.response_limit);
        Ok(Self { client, scheme, authority, below, timeout, response_limit })
    }

    /// The path of the base address, without a slash at its end.
    #[must_use]
    pub fn below(&self) -> &str {
        &self.below
    }

    /// Sends a request while it comes; answers as soon as the head of the answer is there.
    pub async fn pass(&self, passing: Passing) -> Result<Passed, Fault> {
        let websocket = matches!(passing.body, Sent::Websocket);
        let request = self.request(passing).map_err(|error| {
            Fault::new(FaultKind::Malformed, "the request cannot be passed on").because(error)
        })?;
        let passed = self.client.request(request).await.map(Passed).map_err(fault)?;
        if passed.0.status() == StatusCode::SWITCHING_PROTOCOLS
            && !(websocket && passed.is_for_a_websocket())
        {
            return Err(Fault::new(FaultKind::Unavailable, "the origin left HTTP unasked"));
        }
        Ok(passed)
    }

    fn request(&self, passing: Passing) -> Result<http::Request<Body>, http::Error> {
        let target = PathAndQuery::try_from(format!("{}{}", self.below, passing.target))?;
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()?;
        let mut headers = HeaderMap::new();
        for (name, value) in passing.headers {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            headers.append(name, HeaderValue::from_maybe_shared(value)?);
        }
        let mut request = http::Request::new(framed(&mut headers, passing.body));
        *request.method_mut() = Method::from_bytes(passing.method.as_bytes())?;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Sends a request that is here whole, and waits for the whole answer.
    pub async fn send(&self, request: Request) -> Result<Response, Fault> {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let passing = Passing {
            method: request.method,
            target: format!("{}{query}", request.path),
            headers: request.headers,
            body: Sent::Whole(request.body),
        };
        tokio::time::timeout(self.timeout, async {
            self.pass(passing).await?.whole(self.response_limit).await
        })
        .await
        .unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "the origin took too long")))
    }
}

/// Frames a body: whatever the headers said of it before is not looked at.
fn framed(headers: &mut HeaderMap, body: Sent) -> Body {
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE] {
        headers.remove(name);
    }
    let broken = |never: std::convert::Infallible| match never {};
    match body {
        Sent::Nothing => Empty::new().map_err(broken).boxed_unsync(),
        Sent::Whole(body) => Full::new(body).map_err(broken).boxed_unsync(),
        Sent::Sized(length, pieces) => {
            headers.insert(CONTENT_LENGTH, length.into());
            streamed(pieces)
        }
        Sent::Chunked(pieces) => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            streamed(pieces)
        }
        Sent::Websocket => {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
            Empty::new().map_err(broken).boxed_unsync()
        }
    }
}

fn streamed(pieces: Pieces) -> Body {
    BodyExt::boxed_unsync(StreamBody::new(pieces.map_ok(Frame::data)))
}

/// An address without whatever stands before an `@` in it.
fn masked(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

/// An answer that goes while it comes.
#[derive(Debug)]
pub struct Passed(http::Response<Incoming>);

impl Passed {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Whether both sides now leave HTTP behind, as was asked.
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

    /// The headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// The length of the body, where it is known beforehand.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        hyper::body::Body::size_hint(self.0.body()).exact()
    }

    /// The body.
    #[must_use]
    pub fn pieces(self) -> Pieces {
        Box::pin(self.0.into_body().into_data_stream().map_err(io::Error::other))
    }

    /// The connection, for whatever the two sides now speak.
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
    Fault::new(FaultKind::Unavailable, "the origin's answer broke off").because(error)
}

/// Says a failure to reach the system by kind.
fn fault(error: hyper_util::client::legacy::Error) -> Fault {
    let detail = if error.is_connect() { "connect" } else { "exchange" };
    Fault::new(FaultKind::Unavailable, detail).because(error)
}
