//! The arguments of a request: its body as JSON, or the fields of its query and form.

use isogloss_canonical::http::Request;
use isogloss_interop::python::form::{dict, media_type};
use isogloss_interop::python::json::read::{Unreadable, read};
use isogloss_interop::python::value::{Py, TypeError};

use crate::dialect::failure::{CRASH, Failure};

/// The body as JSON.
pub(crate) fn json(request: &Request) -> Result<Py, Failure> {
    if !is_json(request) {
        return Err(Failure::of(415));
    }
    read(&request.body).map_err(|error| match error {
        Unreadable::Malformed => Failure::of(400),
        Unreadable::TooDeep | Unreadable::Surrogate => CRASH,
    })
}

/// The body as JSON. If it is no JSON or is empty, these fields.
pub(crate) fn json_or_values(request: &Request, values: &[(String, String)]) -> Py {
    let body = if is_json(request) { read(&request.body).ok() } else { None };
    body.filter(Py::truthy).unwrap_or_else(|| dict(values))
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
    match value {
        Py::None => Ok(false),
        Py::Bool(on) => Ok(*on),
        Py::Int(digits) => Ok(digits == "1"),
        Py::Float(float) => Ok((*float - 1.0).abs() == 0.0),
        Py::Str(text) => Ok(["1", "true", "yes", "y"].contains(&text.to_lowercase().as_str())),
        Py::List(_) | Py::Dict(_) => Err(TypeError),
    }
}
