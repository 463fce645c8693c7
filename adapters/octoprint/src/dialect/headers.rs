//! The headers and cookies of every answer, in OctoPrint's order.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Response;

use crate::dialect::call::Call;
use crate::dialect::cookies::SESSION;
use crate::dialect::method::Area;
use crate::dialect::sessions::Mechanism;
use crate::options::version::{Differences, KeyCookies};

/// Adds the headers that Tornado adds to each of its answers.
pub(crate) fn with_tornados(response: Response, differences: &Differences) -> Response {
    let headers = differences.tornado.iter();
    headers.fold(response, |response, (name, value)| response.with(*name, *value))
}

/// Stores the session, and adds the headers and cookies.
pub(crate) async fn finish(
    call: &mut Call<'_>,
    area: Option<Area>,
    response: Response,
) -> Result<Response, Fault> {
    let differences = call.differences();
    // A call by key gets no session: `fixtures/transcripts/octoprint/version-and-headers.json`.
    let by_key = call.session.mechanism == Some(Mechanism::Apikey);
    let silent = match differences.key_cookies {
        KeyCookies::AtLogin => by_key,
        KeyCookies::Never => call.by_key,
        KeyCookies::Always => false,
    };
    if call.sets_session_cookie && !silent {
        let token = store_session(call).await?;
        call.cookies.set_hidden(SESSION, &token, None);
    } else if differences.clears_guests && !silent {
        call.cookies.remove(SESSION);
    }
    let mut response = response;
    for cookie in call.cookies.headers() {
        response = response.with("Set-Cookie", cookie);
    }
    response = with_caching(call, area, response);
    if let (true, Some(origin)) = (allows_origin(call, area), call.request.header("origin")) {
        response = response.with("Access-Control-Allow-Origin", origin);
    }
    response = response.with("X-Clacks-Overhead", "GNU Terry Pratchett");
    if differences.timing {
        let took = call.exchange.now().duration_since(call.request.received).as_millis().max(0);
        response = response.with("Server-Timing", format!("app;dur={took}"));
        if !by_key {
            response = response.with("Vary", "Cookie");
        }
    }
    Ok(with_tornados(response, differences))
}

/// Adds the headers that forbid to cache an answer.
pub(crate) fn uncached(response: Response, control: &'static str) -> Response {
    response.with("Cache-Control", control).with("Pragma", "no-cache").with("Expires", "-1")
}

/// The cookie of the session. An unchanged session keeps its cookie.
async fn store_session(call: &Call<'_>) -> Result<String, Fault> {
    match &call.sent_session {
        Some((token, before)) if *before == call.session => Ok(token.clone()),
        Some(_) | None => call.session.store(call.exchange).await,
    }
}

/// Adds the caching headers of an area. A path without a method has those of every POST only.
fn with_caching(call: &Call<'_>, area: Option<Area>, response: Response) -> Response {
    let verb = call.request.method.as_str();
    let [post, other] = call.differences().no_store;
    match (area.is_some_and(Area::is_api), verb) {
        (true, "GET") => response.with("Cache-Control", "max-age=0"),
        (true, "POST") => uncached(response, post),
        (true, _) => uncached(response, other),
        (false, "POST") => response.with("Cache-Control", "no-cache"),
        (false, _) => response,
    }
}

/// Whether a page of another origin may read the answer.
fn allows_origin(call: &Call<'_>, area: Option<Area>) -> bool {
    let blueprint = area.is_some_and(|area| area != Area::Page);
    call.options.cross_origin && blueprint && call.request.method != "OPTIONS"
}
