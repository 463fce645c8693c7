//! The old system behind a route: what the dialect does not translate goes there unchanged, and
//! streams both ways. Uploads, long polls and websockets included.
//!
//! Hop-by-hop headers are dropped (RFC 9110, section 7.6.1), `X-Forwarded-*` say who really asked,
//! and `Via` finds a loop.

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use reqwest::{Body, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::upstream::{HttpUpstream, Reach, fault};

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

/// How many pieces of a body wait at most between the two sides.
const WAITING: usize = 8;

/// An old system that is still there.
#[derive(Debug)]
pub struct Origin {
    upstream: HttpUpstream,
    /// Our name in `Via`: its own for each origin, so that a chain of gateways is no loop.
    pseudonym: String,
}

impl Origin {
    /// Prepares to pass requests on. The error names what is wrong.
    pub fn new(reach: &Reach, pseudonym: String) -> Result<Self, String> {
        Ok(Self { upstream: HttpUpstream::streaming(reach)?, pseudonym })
    }

    /// Passes one request on whole, for a dialect that found it to be none of its own.
    pub async fn send(&self, request: Request) -> Result<Response, Fault> {
        if self.is_loop(request.header("via")) {
            return Err(looped());
        }
        let mut onward = Request { headers: Vec::new(), ..request.clone() };
        let named = connection_named(request.header("connection"));
        for (name, value) in request.headers {
            if passes(&name, &named) {
                onward.headers.push((name, value));
            }
        }
        onward = onward.with("via", self.via(None));
        let mut response = self.upstream.send(onward).await?;
        response.headers.retain(|(name, _)| passes(name, &[]) && name != "content-length");
        Ok(response)
    }

    /// Passes a request on while it comes, and its answer back while it comes.
    pub async fn stream(
        &self,
        request: &HttpRequest,
        below: &str,
        body: web::Payload,
    ) -> Result<HttpResponse, Fault> {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if self.is_loop(text("via")) {
            return Err(looped());
        }
        let upgrade = text("upgrade").map(str::to_owned);
        let (sender, receiver) = mpsc::channel(WAITING);
        let pump = actix_web::rt::spawn(pump(body, sender));
        let mut ask = self.upstream.ask(method(request)?, below, request.uri().query());
        for (name, value) in onward(headers) {
            ask = ask.header(name, value);
        }
        ask = ask.header("via", self.via(text("via")));
        for (name, value) in forwarded(request) {
            ask = ask.header(name, value);
        }
        if let Some(protocol) = &upgrade {
            let ask = ask.header("connection", "upgrade").header("upgrade", protocol);
            return switch(ask, protocol, receiver).await;
        }
        let carries =
            headers.contains_key("content-length") || headers.contains_key("transfer-encoding");
        if carries {
            ask = ask.body(Body::wrap_stream(pieces(receiver)));
        }
        let answer = ask.send().await.map_err(fault);
        if answer.is_err() {
            pump.abort();
        }
        Ok(back(answer?))
    }

    fn via(&self, earlier: Option<&str>) -> String {
        let own = format!("1.1 {}", self.pseudonym);
        earlier.map_or(own.clone(), |earlier| format!("{earlier}, {own}"))
    }

    fn is_loop(&self, via: Option<&str>) -> bool {
        via.is_some_and(|via| via.split(',').any(|hop| hop.trim().ends_with(&self.pseudonym)))
    }
}

fn looped() -> Fault {
    Fault::new(FaultKind::Unavailable, "the origin leads back to this gateway")
}

fn method(request: &HttpRequest) -> Result<Method, Fault> {
    Method::from_bytes(request.method().as_str().as_bytes())
        .map_err(|error| Fault::new(FaultKind::Malformed, "verb").because(error))
}

/// What `Connection` names is about the connection too.
fn connection_named(connection: Option<&str>) -> Vec<String> {
    let names = connection.unwrap_or_default().split(',');
    names.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

fn passes(name: &str, named: &[String]) -> bool {
    !HOP_BY_HOP.contains(&name) && !named.iter().any(|own| own == name) && name != "via"
}

fn onward(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    let connection = headers.get("connection").and_then(|value| value.to_str().ok());
    let named = connection_named(connection);
    headers
        .iter()
        .filter(move |(name, _)| passes(name.as_str(), &named))
        .filter(|(name, _)| !name.as_str().starts_with("x-forwarded-") && *name != "host")
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// Who really asked, for whom, and how. What a caller claims is passed on with our own word last.
fn forwarded(request: &HttpRequest) -> Vec<(&'static str, String)> {
    let claimed = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let peer = request.peer_addr().map(|address| address.ip().to_string());
    let chain: Vec<_> = claimed.map(str::to_owned).into_iter().chain(peer).collect();
    let mut headers = vec![("x-forwarded-for", chain.join(", "))];
    let info = request.connection_info();
    headers.push(("x-forwarded-host", info.host().to_owned()));
    headers.push(("x-forwarded-proto", "http".to_owned()));
    headers
}

/// Reads the caller's side piece by piece; a slow origin makes it wait.
async fn pump(mut body: web::Payload, sender: mpsc::Sender<io::Result<Bytes>>) {
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(io::Error::other);
        let last = piece.is_err();
        if sender.send(piece).await.is_err() || last {
            return;
        }
    }
}

fn pieces(
    receiver: mpsc::Receiver<io::Result<Bytes>>,
) -> impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    })
}

/// The origin's answer, while it comes.
fn back(answer: reqwest::Response) -> HttpResponse {
    let mut reply = HttpResponse::build(status(&answer));
    copy_headers(&answer, &mut reply);
    if let Some(length) = answer.content_length() {
        reply.no_chunking(length);
    }
    reply.streaming(answer.bytes_stream())
}

fn status(answer: &reqwest::Response) -> StatusCode {
    StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY)
}

fn copy_headers(answer: &reqwest::Response, reply: &mut actix_web::HttpResponseBuilder) {
    for (name, value) in answer.headers() {
        if passes(name.as_str(), &[]) && *name != "content-length" {
            reply.append_header((name.as_str(), value.as_bytes()));
        }
    }
}

/// Both sides leave HTTP behind; bytes go through unread until either closes.
async fn switch(
    ask: reqwest::RequestBuilder,
    protocol: &str,
    mut receiver: mpsc::Receiver<io::Result<Bytes>>,
) -> Result<HttpResponse, Fault> {
    let answer = ask.send().await.map_err(fault)?;
    if answer.status() != reqwest::StatusCode::SWITCHING_PROTOCOLS {
        return Ok(back(answer));
    }
    let mut reply = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    copy_headers(&answer, &mut reply);
    reply.upgrade(protocol);
    let (mut read, mut write) = tokio::io::split(answer.upgrade().await.map_err(fault)?);
    actix_web::rt::spawn(async move {
        while let Some(Ok(piece)) = receiver.recv().await {
            if write.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The caller has closed; the origin hears it.
        drop(write.shutdown().await);
    });
    let (sender, from_origin) = mpsc::channel(WAITING);
    actix_web::rt::spawn(async move {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = read.read(&mut buffer).await {
            if sender.send(Ok(Bytes::copy_from_slice(&buffer[..count]))).await.is_err() {
                return;
            }
        }
    });
    Ok(reply.streaming(pieces(from_origin)))
}

/// How long an origin may take to be connected to, unless the route says otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
