//! Bodies as Flask 0.10 reads them on Python 2.

use isogloss_interop::python::form::dict;
use isogloss_interop::python::json::read::{Body, Unreadable, read_body};
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::v1_3::charset;
use crate::options::version::JSON;

const MALFORMED: Failure = Failure::text(400, "Malformed JSON body in request");
const NO_JSON: Failure = Failure::text(400, "Expected content-type JSON");

/// The body of a call that takes only JSON. The content type must hold the words `application/json`;
/// without one OctoPrint fails.
pub(crate) fn required_json(call: &Call<'_>) -> Result<Py, Failure> {
    let kind = call.request.header("content-type").ok_or(CRASH)?;
    if kind.contains(JSON) { json(call) } else { Err(NO_JSON) }
}

/// The body, if its content type is exactly JSON; else `None`. Entries whose key is no text are left
/// out.
pub(crate) fn json(call: &Call<'_>) -> Result<Py, Failure> {
    Ok(whole_json(call)?.map_or(Py::None, |body| body.value))
}

/// The same for a call that stores the whole body. A key that is no text cannot be stored.
pub(crate) fn json_to_store(call: &Call<'_>) -> Result<Py, Failure> {
    match whole_json(call)? {
        Some(Body { lacks_entries: true, .. }) => Err(CRASH),
        body => Ok(body.map_or(Py::None, |body| body.value)),
    }
}

fn whole_json(call: &Call<'_>) -> Result<Option<Body>, Failure> {
    if !call.differences().media_types.is_json(call.request) {
        return Ok(None);
    }
    let text = charset::decoded(call.request)?.ok_or(MALFORMED)?;
    // Python 2 takes a byte order mark for a letter, and does not guess the encoding.
    if text.starts_with('\u{feff}') || text.contains('\0') {
        return Err(MALFORMED);
    }
    read_body(text.as_bytes()).map(Some).map_err(|error| match error {
        Unreadable::Malformed => MALFORMED,
        Unreadable::TooDeep | Unreadable::Surrogate => CRASH,
    })
}

/// The body of a call of a plugin: `None` is no body.
pub(crate) fn of_command(call: &Call<'_>) -> Result<Py, Failure> {
    let kind = call.request.header("content-type").unwrap_or_default();
    if !kind.contains(JSON) {
        return Err(NO_JSON);
    }
    // The plugin's caller catches every exception, and answers 500.
    let body = json(call).map_err(|_| Failure::of(500))?;
    if matches!(body, Py::None) { Err(NO_JSON) } else { Ok(body) }
}

/// The body of a login: JSON that can be read and holds something, else the fields of the query and of
/// the form.
pub(crate) fn json_or_values(call: &Call<'_>) -> Py {
    let body = json(call).ok().filter(Py::truthy);
    body.unwrap_or_else(|| dict(&call.values))
}
