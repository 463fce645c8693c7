//! The envelope of a request (id, token, method, arguments), and that of an answer.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::listing::{Frame, Listing, Rows};
use isogloss_interop::python::repr::bytes_repr;
use isogloss_interop::python::simplejson::read::{Unreadable, read};
use isogloss_interop::python::simplejson::write::{fits, write, write_at};
use isogloss_interop::python::value::Py;

use crate::options::version::Version;
use crate::wire::Object;

/// A request whose envelope is complete.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// The id, which the answer repeats.
    pub(crate) id: Py,
    /// The token.
    pub(crate) token: Py,
    /// The method's name; any value may have been sent.
    pub(crate) method: Py,
    /// The arguments.
    pub(crate) arguments: Object,
}

/// Why an envelope is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// With an error, and with the id as far as it was read.
    Error(Py, String),
    /// With the page for an internal error.
    Page,
}

/// Reads the envelope, in the order of RhodeCode's checks:
/// fixtures/transcripts/rhodecode/envelope-missing.json.
pub(crate) fn open(version: Version, request: &Request) -> Result<Envelope, Refused> {
    let error = |sentence: String| Refused::Error(Py::None, sentence);
    if !matches!(request.method.as_str(), "GET" | "POST") {
        let verb = &request.method;
        return Err(error(format!("unsupported request method \"{verb}\". Please use POST")));
    }
    let form = version.differences().forms_are_empty && is_form(request);
    if form || request.header_bytes("content-length").is_none() {
        return Err(error("Empty body, No Content-Length in request".to_owned()));
    }
    let members = match read(&request.body) {
        Ok(Py::Dict(members)) => members,
        Ok(_) | Err(Unreadable::TooDeep) => return Err(Refused::Page),
        Err(Unreadable::TooMany) => {
            return Err(error("JSON parse error ERR:too many values".to_owned()));
        }
        Err(Unreadable::Malformed(why)) => {
            let raw = bytes_repr(&request.body);
            return Err(error(format!("JSON parse error ERR:{why} RAW:{raw}")));
        }
    };
    if members.get("id").is_some_and(|id| !fits(id, most_echoed(request))) {
        return Err(error("Incorrect JSON data. The 'id' is too long".to_owned()));
    }
    complete(&members)
}

/// How many bytes of an answer may be a value of the request, encoded again. RhodeCode sets no
/// limit. It writes one line for each item, indented by its depth: a request of a million bytes got
/// an answer of two thousand million.
pub(crate) fn most_echoed(request: &Request) -> usize {
    4096 + 8 * request.body.len()
}

fn complete(members: &Object) -> Result<Envelope, Refused> {
    let given = |name: &str| members.get(name);
    let id = given("id").cloned().unwrap_or(Py::None);
    let missing =
        |what: &str| Refused::Error(id.clone(), format!("Incorrect JSON data. Missing '{what}'"));
    let token = ["api_key", "auth_token"].into_iter().filter_map(given).find(|key| key.truthy());
    let token = token.ok_or_else(|| missing("api_key or auth_token"))?;
    given("id").ok_or_else(|| missing("id"))?;
    let method = given("method").ok_or_else(|| missing("method"))?;
    let arguments = given("args").ok_or_else(|| missing("args"))?;
    let arguments =
        if let Py::Dict(arguments) = arguments { arguments.clone() } else { Object::default() };
    Ok(Envelope { id: id.clone(), token: token.clone(), method: method.clone(), arguments })
}

fn is_form(request: &Request) -> bool {
    content_type(request).starts_with("application/x-www-form-urlencoded")
}

/// The request's content type, in lower case.
pub(crate) fn content_type(request: &Request) -> String {
    request.header("content-type").unwrap_or_default().trim().to_ascii_lowercase()
}

/// The envelope of a method's result. For an id that Python takes for false, RhodeCode answers an
/// empty string instead.
pub(crate) fn success(
    version: Version,
    id: &Py,
    result: Py,
    replacement: Option<&str>,
) -> Response {
    if !id.truthy() {
        return json(version, &Py::from(""));
    }
    json(version, &success_body(id, result, replacement))
}

fn success_body(id: &Py, result: Py, replacement: Option<&str>) -> Py {
    let body = Object::default().with("id", id.clone()).with("result", result);
    let mut body = body.with("error", Py::None);
    if let Some(other) = replacement {
        let warning = format!("DEPRECATED METHOD Please use method `{other}` instead.");
        body.set("DEPRECATION_WARNING", warning);
    }
    Py::Dict(body)
}

/// The envelope of an error.
pub(crate) fn error(version: Version, id: &Py, error: impl Into<Py>) -> Response {
    json(version, &error_body(id, error))
}

/// The envelope of an error, as a value.
pub(crate) fn error_body(id: &Py, error: impl Into<Py>) -> Py {
    let body = Object::default().with("id", id.clone()).with("result", Py::None);
    Py::Dict(body.with("error", error))
}

/// The envelope of a list of people that is written while it is read.
pub(crate) async fn listing<E: From<Fault> + 'static>(
    version: Version,
    id: &Py,
    rows: Rows<E>,
    replacement: Option<&str>,
) -> Result<Response, E> {
    if !id.truthy() {
        return Ok(success(version, id, Py::None, replacement));
    }
    let frame = Frame::of(|rows| {
        let rows = rows.iter().map(|row| Py::from(*row)).collect();
        Ok::<_, E>(write(&success_body(id, Py::List(rows), replacement)))
    })?;
    Ok(sent(version, rows.begin(frame).await?))
}

/// Writes a row of a list of people.
pub(crate) fn write_row(text: &mut String, row: &Py) {
    /// A row is in a list, which is a member of the envelope.
    const DEPTH: usize = 2;
    write_at(text, row, DEPTH);
}

fn json(version: Version, body: &Py) -> Response {
    sent(version, write(body))
}

fn sent(version: Version, body: impl Into<Listing>) -> Response {
    body.into().response(200).with("Content-Type", version.differences().json_type)
}
