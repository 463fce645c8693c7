//! What all pages have in common: the outer HTML, the style, and headers that let a browser run nothing
//! and show the page in no frame.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::http::Response;
use sha2::{Digest, Sha256};

use crate::dialect::call::Call;
use crate::dialect::content::{escaped, html};
use crate::dialect::headers::uncached;

const STYLE: &str = "body{margin:0;font:16px/1.5 sans-serif;color:#222;background:#f2f2f2}\
main{max-width:24em;margin:8vh auto;padding:1.5em 2em 2em;background:#fff;border:1px solid #ddd}\
h1{margin:0 0 .5em;font-size:1.4em}label{display:block;margin:.8em 0 .2em}\
input:not([type=checkbox]){box-sizing:border-box;width:100%;padding:.5em;font:inherit}\
button{margin:1.2em .5em 0 0;padding:.5em 1.5em;font:inherit}[role=alert]{color:#a00}";

/// What a page may do: have this style, and send its form to this server.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// A page. `main` is HTML: every text of somebody else in it is escaped.
pub(crate) fn page(call: &Call<'_>, status: u16, title: &str, main: &str) -> Response {
    let title = escaped(title);
    let body = format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n{main}</main>\n"
    );
    uncached(html(status, body), call.differences().no_store[1])
        .with("Content-Security-Policy", POLICY.as_str())
        .with("Referrer-Policy", "same-origin")
}

/// A hidden field of a form.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=hidden name={name} value=\"{}\">\n", escaped(value))
}

/// The field of a form for its CSRF token.
pub(crate) const TOKEN: &str = "csrf_token";

/// What a person is told whose form came without its CSRF token.
pub(crate) const EXPIRED: &str =
    "This page was open for too long, or your browser refuses cookies. Try again.";

/// The field of the form with which a person signs out.
pub(crate) const LEAVE: &str = "logout";

/// The beginning of a form: where it goes, and its CSRF token.
pub(crate) fn form(action: &str, token: &str) -> String {
    format!("<form method=post action=\"{}\">\n{}", escaped(action), hidden(TOKEN, token))
}

/// A sentence about what went wrong; nothing for none.
pub(crate) fn alert(sentence: Option<&str>) -> String {
    sentence.map_or_else(String::new, |text| format!("<p role=alert>{}</p>\n", escaped(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A browser drops a style whose hash is another one.
    #[test]
    fn the_style_is_written_as_it_is_hashed() {
        assert!(!STYLE.contains('\n') && !STYLE.contains('<'));
        assert!(POLICY.contains("style-src 'sha256-"));
    }
}
