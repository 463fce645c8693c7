//! The only place that knows actix: bytes in, bytes out; with `origin`, what streams through.
//!
//! There is one default service and no extractors, because a typed extractor refuses in actix's
//! words, and the caller must hear the words of the route's dialect.

pub mod origin;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::http::uri::Authority;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use jiff::Timestamp;
use tracing::Instrument;
use uuid::Uuid;

use crate::config::settings;
use crate::proxies::{Proxies, Sender, is_a_proxys};
use crate::router::{Route, Router};
use crate::term::{Stopping, Term};

/// The header that carries a request's id in the answer and in every log line.
const REQUEST_ID: &str = "x-request-id";

/// What a handler needs.
#[derive(Debug)]
struct Listener {
    router: Router,
    proxies: Proxies,
    body_limit: usize,
    timeout: Duration,
    batch_limit: usize,
    stopping: Stopping,
}

/// A bound server, ready to be awaited.
pub struct Bound {
    /// The address that was really bound (a port of 0 has become one).
    pub address: SocketAddr,
    /// Completes once the server has stopped.
    pub server: Server,
    /// Stops it.
    pub handle: Handle,
}

/// Stops a server.
#[derive(Clone, Debug)]
pub struct Handle {
    server: ServerHandle,
    stopping: Stopping,
}

impl Handle {
    /// Finishes what is in flight, but for the calls of a batch that are not begun yet.
    pub async fn stop(&self) {
        self.stopping.begin();
        self.server.stop(true).await;
    }
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({})", self.address)
    }
}

/// Binds an address and serves the routes on it.
pub fn bind(address: &str, router: Router, limits: &settings::Server) -> std::io::Result<Bound> {
    let stopping = Stopping::default();
    let listener = web::Data::new(Listener {
        router,
        batch_limit: limits.batch_limit,
        stopping: stopping.clone(),
        proxies: limits.trusted_proxies.clone(),
        body_limit: limits.body_limit_bytes,
        timeout: Duration::from_millis(limits.request_timeout_ms),
    });
    let app = move || App::new().app_data(listener.clone()).default_service(web::to(handle));
    let server = HttpServer::new(app)
        .workers(workers(limits.workers))
        .client_request_timeout(Duration::from_millis(limits.head_timeout_ms))
        .shutdown_timeout(limits.shutdown_timeout_ms.div_ceil(1000))
        // A client that closes its half is gone: what it asked for is not begun any more.
        .h1_allow_half_closed(false)
        .disable_signals()
        .bind(address)?;
    let address = server.addrs().first().copied().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let server = server.run();
    Ok(Bound { address, handle: Handle { server: server.handle(), stopping }, server })
}

fn workers(wanted: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    if wanted == 0 { cores() } else { wanted }
}

async fn handle(request: HttpRequest, body: web::Payload, at: web::Data<Listener>) -> HttpResponse {
    let id = Uuid::now_v7();
    let sender = sender(&request, &at.proxies);
    let Some((route, below)) = at.router.find(&host(&request, sender), request.uri().path()) else {
        return reply(nothing_here(), id);
    };
    let name = &route.name;
    let span = tracing::info_span!("request", %id, dialect = %name, method = %request.method());
    let began = Timestamp::now();
    let mut translated = translate(&request, sender, (below, &route.path));
    if let Some(origin) = route.origin.as_ref().filter(|_| !route.dialect.concerns(&translated)) {
        let passed = origin.stream(&request, below, body).instrument(span).await;
        return passed.unwrap_or_else(|fault| reply(route.dialect.refuse(&translated, &fault), id));
    }
    let response = async {
        let response = match read(body, at.body_limit, at.timeout).await {
            Ok(body) => {
                translated.body = body;
                answer((Arc::clone(route), sender), translated, &at).await
            }
            Err(fault) => route.dialect.refuse(&translated, &fault).with("connection", "close"),
        };
        let took = Timestamp::now().duration_since(began).as_micros();
        tracing::info!(path = shown(below), status = response.status, micros = took, "answered");
        response
    };
    reply(response.instrument(span).await, id)
}

/// A path as the log shows it: a step as long as a key may be one, as OctoPrint's
/// `/plugin/appkeys/request/TOKEN` is (`fixtures/transcripts/octoprint/appkeys.json`).
fn shown(path: &str) -> String {
    const SHORTEST_KEY: usize = 24;
    let steps = path.split('/').map(|step| if step.len() < SHORTEST_KEY { step } else { "***" });
    steps.collect::<Vec<_>>().join("/")
}

/// Has the route answer within its time. If the time is up or the client goes away, the command
/// that was begun is finished, and nothing else is begun (see [`Term`]).
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
                Fault::new(FaultKind::Malformed, format!("the body broke off: {error}"))
            })?;
            if bytes.len() + chunk.len() > limit {
                return Err(Fault::new(FaultKind::TooLarge, "the body is over the limit"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(timeout, all)
        .await
        .unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "the body did not come in time")))
}

/// Where a request comes from.
fn sender(request: &HttpRequest, proxies: &Proxies) -> Sender {
    let forwarded: Vec<_> = request.headers().get_all("x-forwarded-for").collect();
    let peer = request.peer_addr().map(|address| address.ip());
    proxies.sender(peer, forwarded.iter().map(|value| value.as_bytes()))
}

/// The host that a client asks for: as a trusted proxy says, else as the request itself says.
fn host(request: &HttpRequest, sender: Sender) -> String {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let forwarded = header("x-forwarded-host").filter(|_| sender.by_proxy);
    let authority = request.uri().authority().map(Authority::as_str);
    let host = forwarded.or(authority).or_else(|| header("host")).unwrap_or_default();
    host.split(',').next().unwrap_or_default().trim().to_owned()
}

fn translate(request: &HttpRequest, sender: Sender, (below, mount): (&str, &str)) -> Request {
    let believed = |(name, _): &(&actix_web::http::header::HeaderName, _)| {
        sender.by_proxy || !is_a_proxys(name.as_str())
    };
    let header = |(name, value): (&actix_web::http::header::HeaderName, _)| {
        let value: &actix_web::http::header::HeaderValue = value;
        (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))
    };
    Request {
        method: request.method().as_str().to_owned(),
        path: below.to_owned(),
        query: request.uri().query().map(str::to_owned),
        headers: request.headers().iter().filter(believed).map(header).collect(),
        body: Bytes::new(),
        mount: mount.to_owned(),
        client: sender.client,
        received: Timestamp::now(),
    }
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

/// No route is mounted there, so there is no dialect to say it in.
fn nothing_here() -> Response {
    Response::new(404, "no route is mounted here\n").with("content-type", "text/plain")
}
