//! Bodies as Flask 0.10 reads them on Python 2.

use std::borrow::Cow;

use isogloss_interop::python::form::{dict, media_type};
use isogloss_interop::python::json::read::{Unreadable, read};
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};

const MALFORMED: Failure = Failure::text(400, "Malformed JSON body in request");
const NO_JSON: Failure = Failure::text(400, "Expected content-type JSON");
const JSON: &str = "application/json";

/// The body of a call that takes only JSON. The content type must hold the words `application/json`;
/// without one OctoPrint fails.
pub(crate) fn required_json(call: &Call<'_>) -> Result<Py, Failure> {
    let kind = call.request.header("content-type").ok_or(CRASH)?;
    if kind.contains(JSON) { json(call) } else { Err(NO_JSON) }
}

/// The body, if its content type is exactly JSON; else `None`.
pub(crate) fn json(call: &Call<'_>) -> Result<Py, Failure> {
    if media_type(call.request) != JSON {
        return Ok(Py::None);
    }
    let text = decoded(call)?.ok_or(MALFORMED)?;
    // Python 2 takes a byte order mark for a letter, and does not guess the encoding.
    if text.starts_with('\u{feff}') || text.contains('\0') {
        return Err(MALFORMED);
    }
    read(text.as_bytes()).map_err(|error| match error {
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

/// The text of a body in the encoding that its content type names; `None`: it is not valid. Python
/// raises a `LookupError` for an encoding that it does not know.
fn decoded<'a>(call: &'a Call<'_>) -> Result<Option<Cow<'a, str>>, Failure> {
    let body = call.request.body.as_ref();
    let kind = call.request.header("content-type").unwrap_or_default();
    let charset = kind.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    let charset = charset.filter(|(name, _)| name.eq_ignore_ascii_case("charset")).last();
    let charset = charset.map_or("utf-8", |(_, value)| value.trim_matches('"'));
    let charset = charset.to_lowercase().replace('_', "-");
    let text = std::str::from_utf8(body).ok().map(Cow::Borrowed);
    match charset.as_str() {
        "utf-8" | "utf8" => Ok(text),
        "ascii" | "us-ascii" => Ok(text.filter(|text| text.is_ascii())),
        "latin-1" | "latin1" | "iso-8859-1" => {
            Ok(Some(body.iter().copied().map(char::from).collect::<String>().into()))
        }
        _ => Err(CRASH),
    }
}
