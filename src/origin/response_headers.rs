//! The headers of an origin's answer, as the client must see them: redirects and cookies are below
//! the route's path prefix.

use http::header::{CONNECTION, CONTENT_LOCATION, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};

use crate::origin::headers::EndToEnd;
use crate::origin::site::Sites;

/// Takes the headers of one connection away and rewrites addresses.
pub(super) fn rewrite(headers: &mut HeaderMap, sites: Sites<'_>) {
    let end_to_end = EndToEnd::of(headers.get_all(CONNECTION).iter().map(HeaderValue::as_bytes));
    let gone: Vec<_> = headers
        .keys()
        .filter(|name| !end_to_end.includes_in_answer(name.as_str()))
        .cloned()
        .collect();
    for name in gone {
        headers.remove(name);
    }
    for name in [LOCATION, CONTENT_LOCATION] {
        let Some(value) = headers.get_mut(&name) else { continue };
        if let Some(new) = changed(value, |text| sites.to_client(text)) {
            *value = new;
        }
    }
    if let http::header::Entry::Occupied(mut cookies) = headers.entry(SET_COOKIE) {
        for value in cookies.iter_mut() {
            if let Some(new) = changed(value, |text| cookie(text, sites)) {
                *value = new;
            }
        }
    }
}

/// The new value of a header, if it is text and changes.
fn changed(value: &HeaderValue, change: impl Fn(&str) -> Option<String>) -> Option<HeaderValue> {
    let text = std::str::from_utf8(value.as_bytes()).ok()?;
    HeaderValue::from_maybe_shared(bytes::Bytes::from(change(text)?)).ok()
}

/// A cookie with the path that it has for the client, and without the origin's own domain. `None`: it
/// stays as it is. A cookie whose name begins with `__Host-` must have the path `/`.
fn cookie(text: &str, sites: Sites<'_>) -> Option<String> {
    if text.trim_start().starts_with("__Host-") {
        return None;
    }
    let mut changes = false;
    let mut parts = Vec::new();
    for (index, part) in text.split(';').enumerate() {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let is = |attribute: &str| index > 0 && name.trim().eq_ignore_ascii_case(attribute);
        if is("domain") && sites.is_origins_domain(value.trim()) {
            changes = true;
            continue;
        }
        match sites.cookie_path(value.trim()).filter(|_| is("path")) {
            Some(path) => {
                changes = true;
                parts.push(format!("{name}={path}"));
            }
            None => parts.push(part.to_owned()),
        }
    }
    changes.then(|| parts.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::incoming::Inbound;
    use crate::origin::site::Site;

    #[test]
    fn cookies_and_redirects_are_below_the_prefix() {
        let origin =
            Site { scheme: "http".to_owned(), authority: "old".to_owned(), base: String::new() };
        let inbound = Inbound {
            scheme: "http".to_owned(),
            host: "gate:81".to_owned(),
            prefix: "/o".to_owned(),
            ..Inbound::default()
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (SET_COOKIE, "a=Path=/x; Path=/; HttpOnly"),
            (SET_COOKIE, "__Host-b=1; Path=/; Secure"),
            (SET_COOKIE, "c=2;domain=old;PATH=/admin"),
            (SET_COOKIE, "d=3"),
            (LOCATION, "http://old/login"),
            (CONNECTION, "x-hop"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.insert("x-hop", HeaderValue::from_static("1"));
        headers.insert("content-length", HeaderValue::from_static("5"));
        rewrite(&mut headers, Sites { origin: &origin, inbound: &inbound });
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(
            cookies,
            [
                "a=Path=/x; Path=/o/; HttpOnly",
                "__Host-b=1; Path=/; Secure",
                "c=2;PATH=/o/admin",
                "d=3"
            ]
        );
        assert_eq!(headers[LOCATION], "http://gate:81/o/login");
        assert!(!headers.contains_key("x-hop") && !headers.contains_key(CONNECTION));
        assert_eq!(headers["content-length"], "5");
    }
}
