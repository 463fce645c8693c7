//! Answers one request of a route: by its dialect, or by its origin.

use std::sync::Arc;

use actix_http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::named::Named;
use isogloss_canonical::socket::Socket;
use tracing::Instrument;
use uuid::Uuid;

use crate::origin::Origin;
use crate::pipeline::Pipeline;
use crate::router::{Mode, Route};
use crate::server::body::{self, Beginning, Body, Coming};
use crate::server::forward;
use crate::server::framing::Framing;
use crate::server::head::Head;
use crate::server::listener::Listener;
use crate::server::reply::{REQUEST_ID, plain, reply};
use crate::server::spelling::{Answerer, Way, answerer};
use crate::server::websocket::{self, Accepted};
use crate::term::Term;

/// Who answers a request.
enum Handler<'a> {
    Dialect(&'a Pipeline),
    Origin(&'a Origin),
}

/// A request, and the route that it belongs to.
pub(super) struct Incoming<'a> {
    pub(super) id: Uuid,
    pub(super) head: Head<'a>,
    pub(super) host: &'a str,
    pub(super) route: &'a Arc<Route>,
    /// The path below that of the route.
    pub(super) below: &'a str,
}

/// An answer, and what is counted of it.
pub(super) struct Answered {
    pub(super) response: HttpResponse,
    /// What the request said of itself.
    pub(super) named: Named,
    /// Who was proved.
    pub(super) proved: Option<String>,
    /// Whether the origin has answered.
    pub(super) by_origin: bool,
}

impl Answered {
    /// An answer of which nothing else is known.
    fn bare(response: HttpResponse) -> Self {
        Self { response, named: Named::default(), proved: None, by_origin: false }
    }
}

impl Incoming<'_> {
    /// Answers the request.
    pub(super) async fn respond(
        &self,
        at: &Listener,
        request: &HttpRequest,
        body: web::Payload,
    ) -> Answered {
        let translated = self.head.translate(self.below, &self.route.path);
        let framing = match Framing::of(request) {
            Ok(framing) => framing,
            Err(fault) => return self.refuse(&translated, &fault),
        };
        match self.handler(at, &translated) {
            Ok(Handler::Dialect(pipeline)) => {
                if framing == Framing::Websocket
                    && let Some(socket) = self.route.dialect.socket(&translated, pipeline)
                {
                    let accepted = self.accepted(pipeline, socket);
                    return match websocket::switch(at, accepted, (request, body)) {
                        Ok(response) => Answered::bare(response),
                        Err(fault) => self.refuse(&translated, &fault),
                    };
                }
                let read = self.read(at, (framing, body)).await;
                match read {
                    Ok(Body::Whole(body)) => self.translate(at, pipeline, (translated, body)).await,
                    Ok(Body::Long(beginning, rest)) => {
                        let Some(origin) = self.origin_of(&beginning) else {
                            return self.refuse(&translated, &too_large());
                        };
                        let body = body::checked(beginning, rest);
                        let version = request.version();
                        let rest = forward::Incoming { version, framing, body };
                        self.pass(origin, translated, rest).await
                    }
                    Err(fault) => self.refuse(&translated, &fault),
                }
            }
            Ok(Handler::Origin(origin)) => {
                let body = body::coming(body);
                let rest = forward::Incoming { version: request.version(), framing, body };
                self.pass(origin, translated, rest).await
            }
            Err(fault) => self.refuse(&translated, &fault),
        }
    }

    fn accepted(&self, pipeline: &Pipeline, socket: Box<dyn Socket>) -> Accepted {
        let inbound = Arc::new(self.head.inbound(&self.route.path, self.id));
        Accepted { socket, pipeline: pipeline.clone(), inbound, id: self.id }
    }

    /// Says a fault in the words of the dialect, and closes the connection: of its request there may
    /// be more to come.
    fn refuse(&self, translated: &Request, fault: &Fault) -> Answered {
        let refusal = self.route.dialect.refuse(translated, fault).with("connection", "close");
        Answered::bare(reply(refusal, self.id))
    }

    /// Who answers the request, by its head.
    fn handler(&self, at: &Listener, translated: &Request) -> Result<Handler<'_>, Fault> {
        let (pipeline, origin) = match &self.route.mode {
            Mode::Proxy(origin) => return Ok(Handler::Origin(origin)),
            Mode::Normal { pipeline, origin: None } => return Ok(Handler::Dialect(pipeline)),
            Mode::Normal { pipeline, origin: Some(origin) } => (pipeline, origin),
        };
        let (host, route) = (self.host, self.route);
        match answerer(Way { router: &at.router, host, route, base: origin.base() }, translated) {
            Answerer::Dialect => Ok(Handler::Dialect(pipeline)),
            Answerer::Origin => Ok(Handler::Origin(origin)),
            Answerer::Neither(why) => {
                tracing::debug!(why, "refused");
                Err(Fault::new(FaultKind::Malformed, why))
            }
        }
    }

    /// Reads the body that a dialect answers. One that is declared too long is read only if it may be
    /// a call for the origin.
    async fn read(
        &self,
        at: &Listener,
        (framing, body): (Framing, web::Payload),
    ) -> Result<Body, Fault> {
        match framing {
            Framing::Nothing | Framing::Websocket => Ok(Body::Whole(Bytes::new())),
            Framing::Sized(length)
                if is_over(length, at.body_limit) && !may_forward_calls(self.route) =>
            {
                Err(too_large())
            }
            Framing::Sized(_) | Framing::Chunked => {
                body::read(body, at.body_limit, at.timeout).await
            }
        }
    }

    /// The origin, if it answers a call that begins like this.
    fn origin_of(&self, beginning: &[u8]) -> Option<&Origin> {
        let Mode::Normal { origin: Some(origin), .. } = &self.route.mode else { return None };
        (self.route.dialect.forwards(beginning) == Some(true)).then_some(&**origin)
    }

    /// Has the dialect answer.
    async fn translate(
        &self,
        at: &Listener,
        pipeline: &Pipeline,
        (mut translated, body): (Request, Bytes),
    ) -> Answered {
        translated.body = body;
        let named = match &at.usage {
            Some(_) => self.route.dialect.named(&translated),
            None => Named::default(),
        };
        let inbound = Arc::new(self.head.inbound(&self.route.path, self.id));
        let pipeline = pipeline.clone().inbound(Arc::clone(&inbound));
        let answered = answer((Arc::clone(self.route), pipeline), translated, at).await;
        let (response, proved) = (reply(answered, self.id), inbound.proved.get().cloned());
        Answered { response, named, proved, by_origin: false }
    }

    /// Has the origin answer. What the request says of itself is read from the beginning of its body.
    async fn pass(
        &self,
        origin: &Origin,
        mut translated: Request,
        rest: forward::Incoming,
    ) -> Answered {
        let kept = Beginning::default();
        let has_calls = self.route.dialect.handles(&translated);
        let body: Coming = if has_calls { kept.of(rest.body) } else { rest.body };
        let forwarded = self.forward(origin, forward::Incoming { body, ..rest }).await;
        let refused = |fault| self.refuse(&translated, &fault).response;
        let response = forwarded.unwrap_or_else(refused);
        translated.body = kept.bytes();
        let named = self.route.dialect.named(&translated);
        Answered { response, named, proved: None, by_origin: true }
    }

    /// Forwards a request. TRACE is refused: its answer would show the headers that the gateway
    /// adds.
    async fn forward(
        &self,
        origin: &Origin,
        rest: forward::Incoming,
    ) -> Result<HttpResponse, Fault> {
        const NEVER: [&str; 3] = ["TRACE", "TRACK", "CONNECT"];
        if NEVER.iter().any(|verb| self.head.method.as_str().eq_ignore_ascii_case(verb)) {
            return Ok(reply(plain(405, "this verb is not forwarded\n"), self.id));
        }
        let inbound = self.head.inbound(&self.route.path, self.id);
        let head = self.head.incoming(self.below, &inbound);
        let mut answer = forward::forward(origin, &head, rest).await?;
        // In the mode `proxy` the answer is the origin's alone.
        if matches!(self.route.mode, Mode::Normal { .. })
            && !answer.headers().contains_key(REQUEST_ID)
            && let Ok(id) = HeaderValue::from_str(&inbound.request_id)
        {
            answer.headers_mut().insert(HeaderName::from_static(REQUEST_ID), id);
        }
        Ok(answer)
    }
}

/// Whether a route has calls that its dialect forwards, so that a body may be longer than the limit.
pub(super) fn may_forward_calls(route: &Route) -> bool {
    let has_origin = matches!(&route.mode, Mode::Normal { origin: Some(_), .. });
    has_origin && route.dialect.forwards(&[]).is_some()
}

/// Whether a length is over a limit.
pub(super) fn is_over(length: u64, limit: usize) -> bool {
    usize::try_from(length).map_or(true, |length| length > limit)
}

/// The body is longer than a dialect is given.
pub(super) fn too_large() -> Fault {
    Fault::new(FaultKind::TooLarge, "the body is over the limit")
}

/// Lets the route answer within the time limit. If the time is up or the client disconnects, the
/// running command is finished and no further one is begun (see [`Term`]).
async fn answer(
    (route, pipeline): (Arc<Route>, Pipeline),
    request: Request,
    at: &Listener,
) -> Response {
    let spare = Arc::clone(&route);
    let request = Arc::new(request);
    let kept = Arc::clone(&request);
    let (term, _waiting) = Term::begin(at.timeout, &at.stopping, at.batch_limit);
    let exchange = pipeline.until(term);
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
