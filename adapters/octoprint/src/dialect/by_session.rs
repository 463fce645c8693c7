//! Sessions of the server itself, on a route with an origin: above all if that is the server of the backend.
//!
//! A session that the gateway opened would be nothing to the server, which answers the web pages and all
//! that is not translated. So the server opens the sessions there, and answers the requests that show
//! one. It decides by the rights of the user, as it does without a gateway.

use isogloss_canonical::http::Request;

use crate::dialect::cookies::{Cookies, REMEMBER, SESSION};
use crate::dialect::named::sent_key;
use crate::dialect::site::Site;
use crate::secrets::is_hex_token;

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

/// Whether a login or a logout comes from a page of an origin that is another server than the backend:
/// it shows a session of that server, and no key. Such a page needs a session of its own server. It cannot
/// get one of the gateway, because it has no CSRF token of the gateway.
pub(super) fn is_of_origins_page(request: &Request, path: &str) -> bool {
    let cookies = Cookies::of(request, &Site::of(request));
    let is_foreign = cookies.get(SESSION).is_some_and(|session| !is_hex_token(session));
    LOGIN.contains(&path) && is_foreign && sent_key(request).is_none()
}

fn has_session(request: &Request) -> bool {
    let cookies = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let cookies = cookies.filter_map(|(_, value)| std::str::from_utf8(value).ok());
    cookies.flat_map(|value| value.split(';')).any(|cookie| {
        let cookie = cookie.trim();
        cookie.starts_with(SESSION) || cookie.starts_with(REMEMBER)
    })
}
