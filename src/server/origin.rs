//! The old system behind a route: what the dialect does not translate goes there unchanged, and
//! streams both ways. Uploads, long polls and websockets included.
//!
//! Hop-by-hop headers are dropped (RFC 9110, section 7.6.1), `X-Forwarded-*` say who really asked,
//! and `Via` finds a loop.

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::upstream::passage::{Passed, Passing, Pieces};
use crate::upstream::{HttpUpstream, Reach};

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
        let mut onward: Vec<_> = onward(headers).collect();
        onward.push(("via".to_owned(), self.via(text("via")).into()));
        onward.extend(forwarded(request));
        if let Some(protocol) = &upgrade {
            onward.push(("connection".to_owned(), "upgrade".into()));
            onward.push(("upgrade".to_owned(), protocol.clone().into()));
        }
        let carries =
            headers.contains_key("content-length") || headers.contains_key("transfer-encoding");
        let (sender, receiver) = mpsc::channel(WAITING);
        let pump = actix_web::rt::spawn(pump(body, sender));
        let (sent, kept) = match (&upgrade, carries) {
            (None, true) => (Some(pieces(receiver)), None),
            _ => (None, Some(receiver)),
        };
        let passing = Passing {
            method: request.method().as_str().to_owned(),
            path: below.to_owned(),
            query: request.uri().query().map(str::to_owned),
            headers: onward,
            body: sent,
        };
        let passed = self.upstream.pass(passing).await.inspect_err(|_| pump.abort())?;
        match (upgrade, kept) {
            (Some(protocol), Some(receiver)) if passed.switches() => {
                switch(passed, &protocol, receiver).await
            }
            _ => Ok(back(passed)),
        }
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

/// What `Connection` names is about the connection too.
fn connection_named(connection: Option<&str>) -> Vec<String> {
    let names = connection.unwrap_or_default().split(',');
    names.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

fn passes(name: &str, named: &[String]) -> bool {
    !HOP_BY_HOP.contains(&name) && !named.iter().any(|own| own == name) && name != "via"
}

fn onward(headers: &HeaderMap) -> impl Iterator<Item = (String, Bytes)> {
    let connection = headers.get("connection").and_then(|value| value.to_str().ok());
    let named = connection_named(connection);
    headers
        .iter()
        .filter(move |(name, _)| passes(name.as_str(), &named))
        .filter(|(name, _)| !name.as_str().starts_with("x-forwarded-") && *name != "host")
        .map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes())))
}

/// Who really asked, for whom, and how. What a caller claims is passed on with our own word last.
fn forwarded(request: &HttpRequest) -> [(String, Bytes); 3] {
    let claimed = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let peer = request.peer_addr().map(|address| address.ip().to_string());
    let chain: Vec<_> = claimed.map(str::to_owned).into_iter().chain(peer).collect();
    let host = request.connection_info().host().to_owned();
    let header = |name: &str, value: String| (name.to_owned(), Bytes::from(value));
    [
        header("x-forwarded-for", chain.join(", ")),
        header("x-forwarded-host", host),
        header("x-forwarded-proto", "http".to_owned()),
    ]
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

fn pieces(receiver: mpsc::Receiver<io::Result<Bytes>>) -> Pieces {
    Box::pin(stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    }))
}

/// The origin's answer, while it comes.
fn back(passed: Passed) -> HttpResponse {
    let mut reply = head(&passed);
    if let Some(length) = passed.length() {
        reply.no_chunking(length);
    }
    reply.streaming(passed.pieces())
}

fn head(passed: &Passed) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(passed.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = HttpResponse::build(status);
    for (name, value) in passed.headers() {
        if passes(name, &[]) && name != "content-length" {
            reply.append_header((name, value));
        }
    }
    reply
}

/// Both sides leave HTTP behind; bytes go through unread until either closes.
async fn switch(
    passed: Passed,
    protocol: &str,
    mut receiver: mpsc::Receiver<io::Result<Bytes>>,
) -> Result<HttpResponse, Fault> {
    let mut reply = head(&passed);
    reply.upgrade(protocol);
    let (mut read, mut write) = tokio::io::split(passed.connection().await?);
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
