//! Sessions of the server itself, on a route whose origin is the server of its backend.
//!
//! A session that the gateway opened would be nothing to the server, which answers the web pages and all
//! that is not translated. So the server opens the sessions there, and answers the requests that show
//! one. It decides by the rights of the user, as it does without a gateway.

use isogloss_canonical::http::Request;

use crate::dialect::cookies::{REMEMBER, SESSION};
use crate::dialect::named::sent_key;

/// Where a session begins and ends.
const LOGIN: [&str; 2] = ["/api/login", "/api/logout"];
/// The requests for application keys, about which a user decides in a session.
const APPKEYS: &str = "/plugin/appkeys/";

/// Whether the server answers a request to this path: it is about sessions, or it shows a session and no
/// key. If it shows both, the gateway reads the key, and the session counts for nothing.
pub(super) fn is_servers(request: &Request, path: &str) -> bool {
    let about = LOGIN.contains(&path) || path.starts_with(APPKEYS);
    about || sent_key(request).is_none() && has_session(request)
}

fn has_session(request: &Request) -> bool {
    let cookies = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let cookies = cookies.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    cookies.flat_map(|value| value.split(';')).any(|cookie| {
        let cookie = cookie.trim();
        cookie.starts_with(SESSION) || cookie.starts_with(REMEMBER)
    })
}
