//! One request: finds its route, has it answered, logs and counts it.
//!
//! There is one default service and no typed extractor. An extractor would refuse in the format of
//! actix, and the client must get a refusal in the format of the route's dialect.

use actix_http::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use tracing::Instrument;
use uuid::Uuid;

use crate::router::Mode;
use crate::server::head::Head;
use crate::server::listener::Listener;
use crate::server::reply::{plain, reply};
use crate::server::respond::{Answered, Incoming, is_over, may_forward_calls, too_large};
use crate::usage;

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
        let answered = incoming.respond(&at, &request, body).await;
        let took = Timestamp::now().duration_since(began).as_micros();
        let status = answered.response.status().as_u16();
        let Answered { named, proved, by_origin, .. } = &answered;
        let call = named.methods.first().map(|name| short(name));
        tracing::info!(path = shown(below), status, micros = took, by_origin, call, "answered");
        if let Some(usage) = &at.usage {
            let (proved, page) = (proved.as_deref(), &page(&method, below));
            let (route, failed) = (&route.label(), status >= 400);
            usage.count(&usage::Answered { route, named, proved, page, failed });
        }
        answered.response
    }
    .instrument(span)
    .await
}

/// What stands for the method of a request that names none: its verb, and the first two steps of its
/// path. A step that may be a name or a key is left out.
fn page(verb: &str, path: &str) -> String {
    const LONGEST_STEP: usize = 20;
    let is_word = |step: &&str| {
        step.len() <= LONGEST_STEP && !step.chars().any(|c| c.is_ascii_digit() || c == '%')
    };
    let steps: Vec<_> = path.trim_start_matches('/').split('/').take(2).collect();
    let steps = steps.iter().map(|step| if is_word(step) { *step } else { "*" });
    format!("{verb} /{}", steps.collect::<Vec<_>>().join("/"))
}

/// The beginning of a name that anybody may send.
fn short(name: &str) -> &str {
    const LONGEST: usize = 64;
    &name[..name.floor_char_boundary(LONGEST)]
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
    let forwarded = match &route.mode {
        Mode::Proxy(_) => true,
        Mode::Normal { origin: None, .. } => false,
        Mode::Normal { origin: Some(_), .. } => {
            !route.dialect.handles(&translated) || may_forward_calls(route)
        }
    };
    if forwarded {
        return Ok(request);
    }
    let refusal = route.dialect.refuse(&translated, &too_large()).with("connection", "close");
    Err(reply(refusal, Uuid::now_v7()).into())
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

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_page_is_counted_by_its_verb_and_two_steps() {
        for (path, expected) in [
            ("/", "GET /"),
            ("/login/", "GET /login/"),
            ("/api/files/local/a.gcode", "GET /api/files"),
            ("/static/6ecd5dc01bdff5f6a9cfbd06/x", "GET /static/*"),
            ("/task/17", "GET /task/*"),
            ("", "GET /"),
        ] {
            assert_eq!(page("GET", path), expected, "{path}");
        }
    }
}
