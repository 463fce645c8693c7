//! The headers and cookies that every answer carries, in OctoPrint's order.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Response;

use super::cookies::SESSION;
use super::routes::Area;
use super::session::Mechanism;
use super::visit::Visit;

const NO_STORE: &str = "no-store, no-cache, must-revalidate, post-check=0, pre-check=0, max-age=0";

/// What Tornado adds to each of its answers.
pub(crate) fn of_tornado(response: Response) -> Response {
    response
        .with("X-Robots-Tag", "noindex, nofollow, noimageindex")
        .with("X-Content-Type-Options", "nosniff")
        .with("X-Frame-Options", "sameorigin")
}

/// Adds the headers and the cookies, and keeps the session.
pub(crate) async fn settle(
    visit: &mut Visit<'_>,
    area: Option<Area>,
    response: Response,
) -> Result<Response, Fault> {
    // Calls by key are given no session: `fixtures/transcripts/octoprint/version-and-headers.json`.
    let by_key = visit.session.mechanism == Some(Mechanism::Apikey);
    if visit.has_session && !by_key {
        let token = keep_session(visit).await?;
        visit.cookies.set_hidden(SESSION, &token, None);
    }
    let mut response = response;
    for cookie in visit.cookies.headers() {
        response = response.with("Set-Cookie", cookie);
    }
    response = caching(visit, area, response);
    if let (true, Some(origin)) = (lets_in(visit, area), visit.request.header("origin")) {
        response = response.with("Access-Control-Allow-Origin", origin);
    }
    let took = visit.exchange.now().duration_since(visit.request.received).as_millis().max(0);
    response = response
        .with("X-Clacks-Overhead", "GNU Terry Pratchett")
        .with("Server-Timing", format!("app;dur={took}"));
    if !by_key {
        response = response.with("Vary", "Cookie");
    }
    Ok(of_tornado(response))
}

/// Says that an answer must not be kept.
pub(crate) fn uncached(response: Response) -> Response {
    response.with("Cache-Control", NO_STORE).with("Pragma", "no-cache").with("Expires", "-1")
}

/// The cookie of a session that did not change stays.
async fn keep_session(visit: &Visit<'_>) -> Result<String, Fault> {
    match &visit.came_by {
        Some((token, before)) if *before == visit.session => Ok(token.clone()),
        _ => visit.session.keep(visit.exchange).await,
    }
}

/// A path that leads nowhere has only what every POST has.
fn caching(visit: &Visit<'_>, area: Option<Area>, response: Response) -> Response {
    let verb = visit.request.method.as_str();
    match (area, verb) {
        (Some(Area::Api), "GET") => response.with("Cache-Control", "max-age=0"),
        (Some(Area::Api), _) => uncached(response),
        (_, "POST") => response.with("Cache-Control", "no-cache"),
        _ => response,
    }
}

/// Whether another origin's page may read the answer.
fn lets_in(visit: &Visit<'_>, area: Option<Area>) -> bool {
    let blueprint = matches!(area, Some(Area::Api | Area::Plugin | Area::OpenPlugin));
    visit.settings.cross_origin && blueprint && visit.request.method != "OPTIONS"
}
