//! Cookies: read from a request, and written as PHP's `setcookie` does.

use std::time::Duration;

use isogloss_canonical::http::Request;
use isogloss_interop::percent;
use jiff::Timestamp;

/// How long a browser keeps a cookie.
const LIFETIME: Duration = Duration::from_hours(24 * 30);

/// The value of a cookie of the request.
pub(crate) fn read<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let cookies = request.header("cookie")?.split(';');
    let mut pairs = cookies.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The header value that sets a cookie for 30 days. An empty value deletes the cookie.
pub(crate) fn set(name: &str, value: &str, now: Timestamp) -> String {
    if value.is_empty() {
        let deleted = "deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/";
        return format!("{name}={deleted}");
    }
    let until = now.saturating_add(LIFETIME).unwrap_or(now).strftime("%a, %d-%b-%Y %H:%M:%S GMT");
    let encoded = percent::encode_form(value);
    format!("{name}={encoded}; expires={until}; Max-Age={}; path=/", LIFETIME.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_written_as_php_writes_them() {
        let now = "2026-11-21T20:05:28Z".parse().unwrap();
        let expected =
            "t=a+%C3%A9%2F; expires=Mon, 21-Dec-2026 20:05:28 GMT; Max-Age=2592000; path=/";
        assert_eq!(set("t", "a é/", now), expected);
        assert!(set("t", "", now).starts_with("t=deleted; "));
    }
}
