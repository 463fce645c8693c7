//! The answers of calls that did not fail, as Flask and Tornado encode them.

use isogloss_canonical::http::Response;
use isogloss_canonical::listing::{Frame, Rows};
use isogloss_interop::python::json::write::{PYTHON_3, Style, write_as, write_at};
use isogloss_interop::python::value::Py;

use crate::dialect::content::{self, CONTENT_TYPE, escaped, html};
use crate::dialect::failure::Failure;

/// What a handler answers.
pub(crate) type Answer = Result<Response, Failure>;

/// An answer in JSON.
pub(crate) fn json(body: &Py) -> Answer {
    json_as(200, body, PYTHON_3)
}

/// An answer in JSON with another status than 200, or as another version writes it.
pub(crate) fn json_as(status: u16, body: &Py, style: Style) -> Answer {
    Ok(content::json(status, body, style)?)
}

/// An answer in JSON: everybody, as the member `users`, written while the list is read.
pub(crate) async fn listing(rows: Rows<Failure>, style: Style) -> Answer {
    let frame = Frame::of(|rows| {
        let rows = rows.iter().map(|row| Py::text(*row)).collect();
        write_as(&Py::dict([("users", Py::List(rows))]), style)
    })?;
    Ok(content::with_type(rows.begin(frame).await?.response(200)))
}

/// Writes a row of such a list.
pub(crate) fn write_row(text: &mut String, row: &Py, style: Style) -> Result<(), Failure> {
    /// A row is in a list, which is a member of the answer.
    const DEPTH: usize = 2;
    Ok(write_at(text, row, DEPTH, style)?)
}

/// The empty object `{}`: the change was made.
pub(crate) fn success() -> Answer {
    json(&Py::dict([]))
}

/// An answer without a body.
pub(crate) fn no_content() -> Response {
    Response::new(204, "").with(CONTENT_TYPE, "text/plain")
}

/// A page.
pub(crate) fn page(body: impl Into<String>) -> Response {
    html(200, body)
}

/// The answer to `OPTIONS`: the verbs of a path.
pub(crate) fn options(verbs: &[&str]) -> Response {
    html(200, "").with("Allow", verbs.join(", "))
}

/// The longest address of a redirection. The answer holds it three times, escaped.
const LONGEST_LOCATION: usize = 8 * 1024;

/// A redirection.
pub(crate) fn redirect(status: u16, location: &str) -> Response {
    if location.len() > LONGEST_LOCATION {
        return Failure::of(400).page();
    }
    let shown = escaped(location);
    let body = format!(
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n\
         <p>You should be redirected automatically to the target URL: \
         <a href=\"{shown}\">{shown}</a>. If not, click the link.\n"
    );
    html(status, body).with("Location", location)
}

/// Tornado's answer to a verb that it does not know.
pub(crate) fn unknown_verb() -> Response {
    let body =
        "<html><title>405: Method Not Allowed</title><body>405: Method Not Allowed</body></html>";
    Response::new(405, body).with(CONTENT_TYPE, "text/html; charset=UTF-8")
}
