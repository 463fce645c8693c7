//! `/sockjs`: the websocket of a server without a printer. Only the embedded store has one. Behind a
//! route with an origin the origin answers these paths; with a remote backend and no origin they do not
//! exist.
//!
//! The answers are those of 1.11.8, as recorded: `fixtures/sockjs/octoprint.json`. Of the transports of
//! SockJS only the websockets are here: the others (`xhr`, `eventsource` and so on) are 404.

mod asked;
mod messages;
mod printer;
mod standing;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::socket::Socket;

use crate::dialect::answers::unknown_verb;
use crate::dialect::content::CONTENT_TYPE;
use crate::dialect::headers::with_tornados;
use crate::dialect::site::{Site, decoded_path};
use crate::dialect::sockjs::messages::Transport;
use crate::dialect::sockjs::printer::PrinterSocket;
use crate::options::Options;

/// What a path below `/sockjs` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `/sockjs`: a greeting.
    Greeting,
    /// `/sockjs/info`: which transports there are.
    Info,
    /// A websocket.
    Websocket(Transport),
}

/// The versions of the websocket protocol that Tornado speaks.
const VERSIONS: [&str; 3] = ["7", "8", "13"];
const HTML: &str = "text/html; charset=UTF-8";

/// What is at a path. `None`: nothing, or the route has no socket.
fn place(options: &Options, request: &Request, exchange: &dyn Exchange) -> Option<Place> {
    if !options.version.differences().has_socket || !exchange.is_embedded() {
        return None;
    }
    let site = Site::of(request);
    let path = decoded_path(&request.path, &site.root);
    let steps: Vec<_> = path.strip_prefix("/sockjs")?.split('/').collect();
    match steps.as_slice() {
        [""] | ["", ""] => Some(Place::Greeting),
        ["", "info"] => Some(Place::Info),
        ["", "websocket"] => Some(Place::Websocket(Transport::Raw)),
        ["", server, session, "websocket"] if is_step(server) && is_step(session) => {
            Some(Place::Websocket(Transport::SockJs))
        }
        _ => None,
    }
}

/// Whether a step of a path can be the number of a server or the id of a session.
fn is_step(step: &str) -> bool {
    !step.is_empty() && !step.contains('.')
}

/// The socket of a request for a websocket. A page of another origin gets one with `cross_origin` only.
pub(crate) fn socket(
    options: &Options,
    request: &Request,
    exchange: &dyn Exchange,
) -> Option<Box<dyn Socket>> {
    let Some(Place::Websocket(transport)) = place(options, request, exchange) else { return None };
    refusal(options, request).is_none().then(|| {
        let socket = PrinterSocket::new(options.clone(), request.clone(), transport);
        Box::new(socket) as Box<dyn Socket>
    })
}

/// The answer to a request below `/sockjs` that opens no socket. `None`: the path does not exist.
pub(crate) fn answer(
    options: &Options,
    request: &Request,
    exchange: &dyn Exchange,
) -> Option<Response> {
    let place = place(options, request, exchange)?;
    let response = match (place, request.method.as_str()) {
        (Place::Greeting, "GET") => {
            let greeting = Response::new(200, "Welcome to SockJS!\n");
            cached(greeting.with(CONTENT_TYPE, "text/plain; charset=UTF-8"))
        }
        (Place::Info, "GET") => info(request, exchange),
        (Place::Info, "OPTIONS") => preflight(options, request),
        (Place::Websocket(_), "GET") => {
            // The gateway has asked for the socket before. It was refused, or no websocket was asked for.
            refusal(options, request)
                .unwrap_or_else(|| no_upgrade("Can \"Upgrade\" only to \"WebSocket\"."))
        }
        (_, _) => unknown_verb(),
    };
    Some(with_tornados(response, options.version.differences()))
}

/// Why a request for a websocket is refused, in Tornado's order.
fn refusal(options: &Options, request: &Request) -> Option<Response> {
    let header = |name| request.header(name).unwrap_or_default();
    if request.method != "GET" {
        return Some(unknown_verb());
    }
    if !header("upgrade").trim().eq_ignore_ascii_case("websocket") {
        return Some(no_upgrade("Can \"Upgrade\" only to \"WebSocket\"."));
    }
    let mut connection = header("connection").split(',');
    if !connection.any(|word| word.trim().eq_ignore_ascii_case("upgrade")) {
        return Some(no_upgrade("\"Connection\" must be \"Upgrade\"."));
    }
    if request.header_bytes("origin").is_some() && !is_own_origin(options, request) {
        let body = "Cross origin websockets not allowed";
        return Some(Response::new(403, body).with(CONTENT_TYPE, HTML));
    }
    if !VERSIONS.contains(&header("sec-websocket-version").trim()) {
        let response = Response::new(426, "").with(CONTENT_TYPE, HTML);
        return Some(response.with("Sec-WebSocket-Version", VERSIONS.join(", ")));
    }
    let has_key = !header("sec-websocket-key").is_empty() && request.header_bytes("host").is_some();
    (!has_key).then(|| no_upgrade("Missing/Invalid WebSocket headers"))
}

fn no_upgrade(sentence: &'static str) -> Response {
    Response::new(400, sentence).with(CONTENT_TYPE, HTML)
}

/// Whether a page is of this server, or of any other that may call.
fn is_own_origin(options: &Options, request: &Request) -> bool {
    let site = Site::of(request);
    let own = format!("{}://{}", site.scheme, site.host);
    options.cross_origin
        || request.header("origin").is_some_and(|origin| origin.eq_ignore_ascii_case(&own))
}

/// `/sockjs/info`: a websocket, and no cookie. Any page may read it. It says nothing about anybody.
fn info(request: &Request, exchange: &dyn Exchange) -> Response {
    let entropy =
        exchange.random().first_chunk().map_or(0, |random| u64::from_be_bytes(*random)) >> 1;
    let body = format!(
        "{{\"websocket\":true,\"cookie_needed\":false,\"origins\":[\"*:*\"],\"entropy\":{entropy}}}"
    );
    let response = Response::new(200, body).with(CONTENT_TYPE, "application/json; charset=UTF-8");
    let response = for_pages(response, request);
    response.with("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0")
}

/// `OPTIONS /sockjs/info`: refused to a page of another origin, unless `cross_origin` is on.
fn preflight(options: &Options, request: &Request) -> Response {
    const VERBS: &str = "OPTIONS, GET";
    let response = if is_own_origin(options, request) {
        Response::new(204, "").with("Access-Control-Allow-Methods", VERBS).with("Allow", VERBS)
    } else {
        Response::new(403, "").with(CONTENT_TYPE, HTML)
    };
    for_pages(cached(response), request)
}

/// The headers with which a browser keeps an answer for a year.
fn cached(response: Response) -> Response {
    let response = response.with("Cache-Control", "max-age=31536000, public");
    response.with("Access-Control-Max-Age", "31536000")
}

/// The headers with which a page of another origin may read an answer.
fn for_pages(response: Response, request: &Request) -> Response {
    let response =
        response.with("Access-Control-Allow-Origin", request.header("origin").unwrap_or("*"));
    let response = match request.header("access-control-request-headers") {
        Some(asked) => response.with("Access-Control-Allow-Headers", asked),
        None => response,
    };
    response.with("Access-Control-Allow-Credentials", "true")
}
