//! The bodies of answers: JSON as Python writes it, and HTML.

use isogloss_canonical::http::Response;
use isogloss_interop::python::json::write::{NotANumber, Style, write_as};
use isogloss_interop::python::value::Py;

/// The header that names the type of a body.
pub(crate) const CONTENT_TYPE: &str = "Content-Type";

/// An answer with a body in JSON.
pub(crate) fn json(status: u16, body: &Py, style: Style) -> Result<Response, NotANumber> {
    Ok(with_type(Response::new(status, write_as(body, style)?)))
}

/// An answer whose body is JSON.
pub(crate) fn with_type(response: Response) -> Response {
    response.with(CONTENT_TYPE, "application/json")
}

/// An answer with a body in HTML.
pub(crate) fn html(status: u16, body: impl Into<String>) -> Response {
    Response::new(status, body.into()).with(CONTENT_TYPE, "text/html; charset=utf-8")
}

/// Text inside HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}
