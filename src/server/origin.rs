//! The old system behind a route: what the dialect does not translate goes there unchanged, and
//! streams both ways. Uploads, long polls and websockets included.

pub mod framing;
mod headers;
mod idle;

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use self::framing::Framing;
use self::headers::{Through, all, forwarded, joined, onward};
use self::idle::Activity;
use crate::proxies::header_as_read;
use crate::server::head::Head;
use crate::upstream::Reach;
use crate::upstream::passage::{Passage, Passed, Passing, Pieces, Sent};

/// How many pieces of a body wait at most between the two sides.
const WAITING: usize = 8;

/// How long an origin may take to be connected to, unless the route says otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an exchange may rest, with no byte moving either way.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// A request and its answer.
    pub exchange: Duration,
    /// A websocket.
    pub websocket: Duration,
}

/// An old system that is still there.
#[derive(Debug)]
pub struct Origin {
    passage: Passage,
    rest: Rest,
    /// Our name in `Via`: its own for each origin, so that a chain of gateways is no loop.
    pseudonym: String,
    /// Headers by which a trusted proxy names who calls; from anybody else they do not go on.
    vouching: Vec<String>,
}

type Received = mpsc::Receiver<io::Result<Bytes>>;

impl Origin {
    /// Prepares to pass requests on. The error names what is wrong.
    pub fn new(reach: &Reach, rest: Rest, pseudonym: String) -> Result<Self, String> {
        Ok(Self { passage: Passage::new(reach)?, rest, pseudonym, vouching: Vec::new() })
    }

    /// Keeps these headers, in lower case, from the origin unless a trusted proxy sends them.
    #[must_use]
    pub fn keeping(self, vouching: Vec<String>) -> Self {
        Self { vouching, ..self }
    }

    /// The path of its base address, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.passage.below()
    }

    /// Passes one request on whole, for a dialect that found it to be none of its own.
    pub async fn send(&self, request: Request) -> Result<Response, Fault> {
        let values = |wanted: &'static str| {
            let own = request.headers.iter().filter(move |(name, _)| name == wanted);
            own.map(|(_, value)| value.as_ref())
        };
        let via = self.via(&joined(values("via")))?;
        let through = Through::of(values("connection"));
        let mut onward = request.clone();
        onward.headers.retain(|(name, _)| through.lets(name));
        let mut response = self.passage.send(onward.with("via", via)).await?;
        let connection = response.headers.iter().filter(|(name, _)| name == "connection");
        let through = Through::of(connection.map(|(_, value)| value.as_bytes()));
        response.headers.retain(|(name, _)| through.lets(name));
        Ok(response)
    }

    /// Passes a request on while it comes, and its answer back while it comes.
    pub async fn stream(
        &self,
        asked: &Head<'_>,
        below: &str,
        (framing, body): (Framing, web::Payload),
    ) -> Result<HttpResponse, Fault> {
        let via = self.via(&joined(all(asked.headers, "via")))?;
        let mut headers: Vec<_> = onward(asked).collect();
        headers.retain(|(name, _)| asked.sender.by_proxy || !self.is_vouching(name));
        headers.push(("via".to_owned(), via.into()));
        headers.extend(forwarded(asked));
        let query = asked.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let activity = Activity::new(match framing {
            Framing::Websocket => self.rest.websocket,
            _ => self.rest.exchange,
        });
        let (body, received, pump) = sent(framing, body, &activity);
        let method = asked.method.as_str().to_owned();
        let passing = Passing { method, target: format!("{below}{query}"), headers, body };
        let passed = tokio::select! {
            passed = self.passage.pass(passing) => passed,
            () = activity.rests() => Err(Fault::new(FaultKind::Timeout, "the origin fell silent")),
        };
        let passed = passed.inspect_err(|_| pump.iter().for_each(Pump::abort))?;
        match received {
            Some(received) if passed.switches() => switch(passed, received, activity).await,
            _ => Ok(back(passed, activity)),
        }
    }

    fn is_vouching(&self, name: &str) -> bool {
        self.vouching.iter().any(|own| header_as_read(own) == header_as_read(name))
    }

    /// What `Via` says from here on; a fault if we are in it already.
    fn via(&self, earlier: &str) -> Result<String, Fault> {
        if earlier.contains(&self.pseudonym) {
            return Err(Fault::new(
                FaultKind::Unavailable,
                "the origin leads back to this gateway",
            ));
        }
        let own = format!("1.1 {}", self.pseudonym);
        Ok(if earlier.is_empty() { own } else { format!("{earlier}, {own}") })
    }
}

type Pump = actix_web::rt::task::JoinHandle<()>;

/// The body as it goes on, and, for a websocket, what the caller says from now on.
fn sent(
    framing: Framing,
    body: web::Payload,
    activity: &Activity,
) -> (Sent, Option<Received>, Option<Pump>) {
    if matches!(framing, Framing::Nothing) {
        return (Sent::Nothing, None, None);
    }
    let (sender, received) = mpsc::channel(WAITING);
    let together = framing == Framing::Websocket;
    let pump = Some(actix_web::rt::spawn(pump(body, sender, activity.clone(), together)));
    match framing {
        Framing::Websocket => (Sent::Websocket, Some(received), pump),
        Framing::Sized(length) => (Sent::Sized(length, pieces(received)), None, pump),
        Framing::Chunked | Framing::Nothing => (Sent::Chunked(pieces(received)), None, pump),
    }
}

/// Reads the caller's side piece by piece; a slow origin makes it wait. On a websocket, it may rest
/// for as long as the other side goes on.
async fn pump(
    mut body: web::Payload,
    sender: mpsc::Sender<io::Result<Bytes>>,
    activity: Activity,
    together: bool,
) {
    loop {
        let next = if together {
            activity.meanwhile(body.next()).await
        } else {
            activity.within(body.next()).await
        };
        let piece = match next {
            Some(None) => return,
            Some(Some(piece)) => piece.map_err(io::Error::other),
            None => Err(io::ErrorKind::TimedOut.into()),
        };
        let last = piece.is_err();
        if sender.send(piece).await.is_err() || last {
            return;
        }
        activity.touch();
    }
}

fn pieces(receiver: Received) -> Pieces {
    Box::pin(stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    }))
}

/// The origin's answer, while it comes.
fn back(passed: Passed, activity: Activity) -> HttpResponse {
    let mut reply = head(&passed);
    if let Some(length) = passed.length() {
        reply.no_chunking(length);
    }
    reply.streaming(activity.watch(passed.pieces()))
}

fn head(passed: &Passed) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(passed.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = HttpResponse::build(status);
    let connection = passed.headers().filter(|(name, _)| *name == "connection");
    let through = Through::of(connection.map(|(_, value)| value));
    for (name, value) in passed.headers() {
        if through.lets(name) {
            reply.append_header((name, value));
        }
    }
    reply
}

/// Both sides leave HTTP behind; bytes go through unread until either closes, or both rest.
async fn switch(
    passed: Passed,
    mut received: Received,
    activity: Activity,
) -> Result<HttpResponse, Fault> {
    let mut reply = head(&passed);
    reply.upgrade("websocket");
    let (mut read, mut write) = tokio::io::split(passed.connection().await?);
    actix_web::rt::spawn(async move {
        while let Some(Ok(piece)) = received.recv().await {
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
    Ok(reply.streaming(activity.watch(pieces(from_origin))))
}
