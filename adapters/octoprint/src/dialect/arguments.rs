//! The arguments of a request: its body as JSON, or the fields of its query and form.

use isogloss_canonical::http::Request;
use isogloss_interop::python::form::{dict, media_type};
use isogloss_interop::python::json::read::{Unreadable, read, read_body};
use isogloss_interop::python::value::{Py, TypeError};

use crate::dialect::failure::{CRASH, Failure};
use crate::options::version::Trues;

/// The body as JSON, without the entries whose key is no text.
pub(crate) fn json(request: &Request) -> Result<Py, Failure> {
    if !is_json(request) {
        return Err(Failure::of(415));
    }
    read_body(&request.body).map(|body| body.value).map_err(unreadable)
}

/// The body as JSON, of which everything is stored. It may hold no half of a surrogate pair.
pub(crate) fn json_to_store(request: &Request) -> Result<Py, Failure> {
    if !is_json(request) {
        return Err(Failure::of(415));
    }
    read(&request.body).map_err(unreadable)
}

fn unreadable(error: Unreadable) -> Failure {
    match error {
        Unreadable::Malformed => Failure::of(400),
        Unreadable::TooDeep | Unreadable::Surrogate => CRASH,
    }
}

/// The body as JSON. If it is no JSON or is empty, these fields.
pub(crate) fn json_or_values(request: &Request, values: &[(String, String)]) -> Py {
    let body = if is_json(request) { read_body(&request.body).ok() } else { None };
    body.map(|body| body.value).filter(Py::truthy).unwrap_or_else(|| dict(values))
}

fn is_json(request: &Request) -> bool {
    let media_type = media_type(request);
    let vendor = media_type.starts_with("application/") && media_type.ends_with("+json");
    media_type == "application/json" || vendor
}

/// Whether a value is one of OctoPrint's `valid_boolean_trues`: true, 1, or "1", "true", "yes", "y" in
/// any case. Python raises a `TypeError` for a value that it cannot hash:
/// `fixtures/transcripts/octoprint/users-create-errors.json`.
pub(crate) fn is_yes(value: &Py) -> Result<bool, TypeError> {
    is_yes_as(value, Trues::AnyCase)
}

/// The same, with words compared as a version compares them.
pub(crate) fn is_yes_as(value: &Py, trues: Trues) -> Result<bool, TypeError> {
    const WORDS: [&str; 4] = ["1", "true", "yes", "y"];
    match (value, trues) {
        (Py::None | Py::Halves(_), _) | (Py::List(_) | Py::Dict(_), Trues::Exact) => Ok(false),
        (Py::Bool(on), _) => Ok(*on),
        (Py::Int(digits), _) => Ok(digits == "1"),
        (Py::Float(float), _) => Ok((*float - 1.0).abs() == 0.0),
        (Py::Str(text), Trues::AnyCase) => Ok(WORDS.contains(&text.to_lowercase().as_str())),
        (Py::Str(text), Trues::Exact) => Ok(WORDS.contains(&text.as_str())),
        (Py::List(_) | Py::Dict(_), Trues::AnyCase) => Err(TypeError),
    }
}
