//! One request: finds its route, reads its body up to the limit, and sends the answer.
//!
//! There is one default service and no typed extractor. An extractor would refuse in the format of
//! actix, and the client must get a refusal in the format of the route's dialect.

use std::sync::Arc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use jiff::Timestamp;
use tracing::Instrument;
use uuid::Uuid;

use crate::origin::Origin;
use crate::proxies::{Proxies, Sender};
use crate::router::{Route, Router};
use crate::server::forward::forward;
use crate::server::framing::Framing;
use crate::server::head::Head;
use crate::server::limits::Limits;
use crate::server::spelling::{Way, Whose, whose};
use crate::term::{Stopping, Term};

/// The header with the request's id. The id is in the answer and in every log line.
const REQUEST_ID: &str = "x-request-id";

/// The state of a listener that each request uses.
#[derive(Debug)]
pub(super) struct Listener {
    router: Router,
    proxies: Proxies,
    body_limit: usize,
    timeout: Duration,
    batch_limit: usize,
    stopping: Stopping,
}

impl Listener {
    pub(super) fn new(
        router: Router,
        limits: &Limits,
        proxies: &Proxies,
        stopping: &Stopping,
    ) -> Self {
        Self {
            router,
            proxies: proxies.clone(),
            batch_limit: limits.batch,
            stopping: stopping.clone(),
            body_limit: limits.body,
            timeout: limits.request,
        }
    }
}

/// Answers one request.
pub(super) async fn handle(
    request: HttpRequest,
    body: web::Payload,
    at: web::Data<Listener>,
) -> HttpResponse {
    let id = Uuid::now_v7();
    let head = Head::of(&request, &at.proxies);
    let host = head.host();
    if !request.uri().path().starts_with('/') {
        return reply(plain(400, "the request names no path\n"), id);
    }
    let Some((route, below)) = at.router.find(&host, request.uri().path()) else {
        return reply(plain(404, "no route has this host and path\n"), id);
    };
    let method: String = request.method().as_str().chars().take(16).collect();
    let span = tracing::info_span!("request", %id, dialect = %route.name, %method);
    let began = Timestamp::now();
    let incoming = Incoming { id, head, host: &host, route, below };
    async {
        let response = incoming.respond(&at, &request, body).await;
        let took = Timestamp::now().duration_since(began).as_micros();
        let status = response.status().as_u16();
        tracing::info!(path = shown(below), status, micros = took, "answered");
        response
    }
    .instrument(span)
    .await
}

/// A request, and the route that it belongs to.
struct Incoming<'a> {
    id: Uuid,
    head: Head<'a>,
    host: &'a str,
    route: &'a Arc<Route>,
    below: &'a str,
}

impl Incoming<'_> {
    async fn respond(
        &self,
        at: &Listener,
        request: &HttpRequest,
        body: web::Payload,
    ) -> HttpResponse {
        let route = self.route;
        let mut translated = self.head.translate(self.below, &route.path);
        let refuse = |translated: &Request, fault: &Fault| {
            reply(route.dialect.refuse(translated, fault).with("connection", "close"), self.id)
        };
        let framing = match Framing::of(request) {
            Ok(framing) => framing,
            Err(fault) => return refuse(&translated, &fault),
        };
        if let Some(origin) = &route.origin {
            let way = Way { router: &at.router, host: self.host, route, base: origin.base() };
            match whose(way, &translated) {
                Whose::Ours => {}
                Whose::Origins => {
                    let forwarded = self.forward(origin, (framing, body)).await;
                    return forwarded.unwrap_or_else(|fault| refuse(&translated, &fault));
                }
                Whose::Unclear(why) => {
                    tracing::debug!(why, "refused");
                    return refuse(&translated, &Fault::new(FaultKind::Malformed, why));
                }
            }
        }
        let body = match framing {
            Framing::Nothing | Framing::Websocket => Ok(Bytes::new()),
            Framing::Sized(length) if is_over(length, at.body_limit) => Err(too_large()),
            Framing::Sized(_) | Framing::Chunked => read(body, at.body_limit, at.timeout).await,
        };
        match body {
            Ok(body) => {
                translated.body = body;
                let answered = answer((Arc::clone(route), self.head.sender), translated, at).await;
                reply(answered, self.id)
            }
            Err(fault) => refuse(&translated, &fault),
        }
    }

    /// Forwards a request. TRACE is refused: its answer would show the headers that the gateway
    /// adds.
    async fn forward(
        &self,
        origin: &Origin,
        body: (Framing, web::Payload),
    ) -> Result<HttpResponse, Fault> {
        const NEVER: [&str; 3] = ["TRACE", "TRACK", "CONNECT"];
        if NEVER.iter().any(|verb| self.head.method.as_str().eq_ignore_ascii_case(verb)) {
            return Ok(reply(plain(405, "this verb is not forwarded\n"), self.id));
        }
        forward(origin, &self.head, self.below, body).await
    }
}

/// Answers `Expect: 100-continue`. A body that is declared too long is refused at once.
pub(super) fn expected(
    at: &Listener,
    request: actix_http::Request,
) -> Result<actix_http::Request, actix_http::Response<BoxBody>> {
    let head = Head::waiting(request.head(), &at.proxies);
    let length = head.text("content-length").and_then(|text| text.trim().parse().ok());
    if !length.is_some_and(|length| is_over(length, at.body_limit)) {
        return Ok(request);
    }
    let Some((route, below)) = at.router.find(&head.host(), head.uri.path()) else {
        return Ok(request);
    };
    let translated = head.translate(below, &route.path);
    if route.origin.is_some() && !route.dialect.handles(&translated) {
        return Ok(request);
    }
    let refusal = route.dialect.refuse(&translated, &too_large()).with("connection", "close");
    Err(reply(refusal, Uuid::now_v7()).into())
}

fn is_over(length: u64, limit: usize) -> bool {
    usize::try_from(length).map_or(true, |length| length > limit)
}

fn too_large() -> Fault {
    Fault::new(FaultKind::TooLarge, "the body is over the limit")
}

/// A path for the log. A step as long as a key is masked, because it can be a key, as in
/// OctoPrint's `/plugin/appkeys/request/TOKEN` (`fixtures/transcripts/octoprint/appkeys.json`). A
/// long path is cut, because any client can send it.
fn shown(path: &str) -> String {
    const SHORTEST_KEY: usize = 24;
    const LONGEST: usize = 200;
    let steps = path.split('/').map(|step| if step.len() < SHORTEST_KEY { step } else { "***" });
    let mut shown = steps.collect::<Vec<_>>().join("/");
    if shown.len() > LONGEST {
        shown.truncate(shown.floor_char_boundary(LONGEST));
        shown.push_str("...");
    }
    shown
}

/// Lets the route answer within the time limit. If the time is up or the client disconnects, the
/// running command is finished and no further one is begun (see [`Term`]).
async fn answer(
    (route, sender): (Arc<Route>, Sender),
    request: Request,
    at: &Listener,
) -> Response {
    let spare = Arc::clone(&route);
    let request = Arc::new(request);
    let kept = Arc::clone(&request);
    let (term, _waiting) = Term::begin(at.timeout, &at.stopping, at.batch_limit);
    let exchange = route.pipeline.seen_from(sender).until(term);
    let work = async move { route.dialect.answer(&request, &exchange).await };
    let work = actix_web::rt::spawn(work.in_current_span());
    match tokio::time::timeout(at.timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panicked)) => {
            tracing::error!("the dialect panicked");
            spare.dialect.refuse(&kept, &Fault::new(FaultKind::Unexpected, "panic"))
        }
        Err(_elapsed) => {
            spare.dialect.refuse(&kept, &Fault::new(FaultKind::Timeout, "the request's time is up"))
        }
    }
}

async fn read(mut body: web::Payload, limit: usize, timeout: Duration) -> Result<Bytes, Fault> {
    let all = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                Fault::new(FaultKind::Malformed, format!("the body ended early: {error}"))
            })?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(timeout, all)
        .await
        .unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "the body did not arrive in time")))
}

fn reply(response: Response, id: Uuid) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = HttpResponse::build(status);
    for (name, value) in &response.headers {
        reply.append_header((name.as_ref(), value.as_str()));
    }
    reply.append_header((REQUEST_ID, id.to_string()));
    reply.body(response.body)
}

/// An answer for a request without a route, which has no dialect.
fn plain(status: u16, text: &'static str) -> Response {
    Response::new(status, text).with("content-type", "text/plain")
}
