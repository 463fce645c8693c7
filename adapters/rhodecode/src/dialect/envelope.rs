//! The envelope: how a request is read before a method is chosen, and how answers go back.

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::http::{Request, Response};

use crate::dialect::call::{Answer, Raised};
use crate::mapping::Mapping;
use crate::python::{Py, bytes_repr};
use crate::simplejson::{Unreadable, decode, encode, fits};
use crate::version::Version;

/// A request whose envelope is complete.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// Echoed in the answer.
    pub(crate) id: Py,
    /// What the caller shows.
    pub(crate) token: Py,
    /// The method's name, hopefully.
    pub(crate) method: Py,
    /// The arguments.
    pub(crate) args: Mapping,
}

/// The content type of a page for people.
pub(crate) const HTML: &str = "text/html; charset=UTF-8";

/// Why an envelope is not complete.
#[derive(Debug)]
pub(crate) enum Torn {
    /// A sentence for the caller, with the id as far as it was read.
    Told(Py, String),
    /// RhodeCode breaks down over it and shows its error page.
    Broken,
}

/// Reads the envelope, in the order of RhodeCode's checks:
/// fixtures/transcripts/rhodecode/envelope-missing.json.
pub(crate) fn open(version: Version, request: &Request) -> Result<Envelope, Torn> {
    let told = |sentence: String| Torn::Told(Py::None, sentence);
    if !matches!(request.method.as_str(), "GET" | "POST") {
        let verb = &request.method;
        return Err(told(format!("unsupported request method \"{verb}\". Please use POST")));
    }
    let form = version.manners().forms_are_empty && is_form(request);
    if form || request.header_bytes("content-length").is_none() {
        return Err(told("Empty body, No Content-Length in request".to_owned()));
    }
    let members = match decode(&request.body) {
        Ok(Py::Dict(members)) => members,
        Ok(_) | Err(Unreadable::TooDeep) => return Err(Torn::Broken),
        Err(Unreadable::TooMany) => {
            return Err(told("JSON parse error ERR:too many values".to_owned()));
        }
        Err(Unreadable::Malformed(why)) => {
            let raw = bytes_repr(&request.body);
            return Err(told(format!("JSON parse error ERR:{why} RAW:{raw}")));
        }
    };
    if members.get("id").is_some_and(|id| !fits(id, most_echoed(request))) {
        return Err(told("Incorrect JSON data. The 'id' is too long".to_owned()));
    }
    complete(&members)
}

/// How many bytes of an answer may be what was sent, written out anew. RhodeCode writes any number,
/// and a line for each item, indented by its depth: a million bytes became two thousand million.
pub(crate) fn most_echoed(request: &Request) -> usize {
    4096 + 8 * request.body.len()
}

fn complete(members: &Mapping) -> Result<Envelope, Torn> {
    let given = |name: &str| members.get(name);
    let id = given("id").cloned().unwrap_or(Py::None);
    let missing =
        |what: &str| Torn::Told(id.clone(), format!("Incorrect JSON data. Missing '{what}'"));
    let token = ["api_key", "auth_token"].into_iter().filter_map(given).find(|key| key.truthy());
    let token = token.ok_or_else(|| missing("api_key or auth_token"))?;
    given("id").ok_or_else(|| missing("id"))?;
    let method = given("method").ok_or_else(|| missing("method"))?;
    let args = given("args").ok_or_else(|| missing("args"))?;
    let args = if let Py::Dict(args) = args { args.clone() } else { Mapping::default() };
    Ok(Envelope { id: id.clone(), token: token.clone(), method: method.clone(), args })
}

fn is_form(request: &Request) -> bool {
    content_type(request).starts_with("application/x-www-form-urlencoded")
}

/// The request's content type in lower case.
pub(crate) fn content_type(request: &Request) -> String {
    request.header("content-type").unwrap_or_default().trim().to_ascii_lowercase()
}

/// Puts a method's answer into its envelope. An id that Python takes for false makes RhodeCode
/// answer an empty string instead of a success.
pub(crate) fn close(
    version: Version,
    id: &Py,
    deprecated: Option<&str>,
    answer: Answer,
    exchange: &dyn Exchange,
) -> Response {
    match answer {
        Ok(_) if !id.truthy() => json(version, &Py::from("")),
        Ok(result) => {
            let mut body = Mapping::default()
                .with("id", id.clone())
                .with("result", result)
                .with("error", Py::None);
            if let Some(instead) = deprecated {
                let warning = format!("DEPRECATED METHOD Please use method `{instead}` instead.");
                body.set("DEPRECATION_WARNING", warning);
            }
            json(version, &Py::Dict(body))
        }
        Err(Raised::Error(sentence)) => refusal(version, id, sentence),
        Err(Raised::Invalid(fields)) => refusal(version, id, fields),
        Err(Raised::Forbidden) => refusal(version, id, "Access was denied to this resource."),
        Err(Raised::Exception(kind)) => exception(version, id, kind, exchange),
    }
}

/// An error in its envelope.
pub(crate) fn refusal(version: Version, id: &Py, error: impl Into<Py>) -> Response {
    json(version, &error_body(id, error))
}

fn error_body(id: &Py, error: impl Into<Py>) -> Py {
    let body = Mapping::default().with("id", id.clone()).with("result", Py::None);
    Py::Dict(body.with("error", error))
}

/// An exception that nobody caught. Version 4.26 names it in headers that take the place of the
/// content type: fixtures/transcripts/rhodecode/get-user.json.
fn exception(version: Version, id: &Py, kind: &'static str, exchange: &dyn Exchange) -> Response {
    let body = error_body(id, "Internal server error");
    if !version.manners().names_exceptions {
        return json(version, &body);
    }
    Response::new(200, encode(&body))
        .with("RhodeCode-Exception-Id", exception_id(exchange))
        .with("RhodeCode-Exception-Type", kind)
}

/// A number as the address of an object in memory would be.
pub(crate) fn exception_id(exchange: &dyn Exchange) -> String {
    let random = exchange.random();
    let number = random.iter().take(5).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (140_000_000_000_000 + number).to_string()
}

fn json(version: Version, body: &Py) -> Response {
    Response::new(200, encode(body)).with("Content-Type", version.manners().json)
}

/// Gives an answer the cookie of a session that nobody will ask for.
pub(crate) fn with_cookie(response: Response, exchange: &dyn Exchange) -> Response {
    let value = crate::mint(&exchange.random()) + &crate::mint(&exchange.random());
    let value = value.get(..72).unwrap_or_default();
    response.with("Set-Cookie", format!("rhodecode={value}; httponly; Path=/"))
}

/// An error page, for people.
pub(crate) fn page(status: u16, kind: &'static str) -> Response {
    let title = match status {
        400 => "Bad Request",
        404 => "Not Found",
        413 => "Request Entity Too Large",
        _ => "Internal Server Error",
    };
    let body = if kind.starts_with("text/plain") {
        format!("{status} {title}\n\nThe resource could not be found.\n\n")
    } else {
        format!(
            "<!DOCTYPE html>\n<html>\n<head><title>Error - {title}</title></head>\n\
             <body><h1>{status} {title}</h1></body>\n</html>\n"
        )
    };
    Response::new(status, body).with("Content-Type", kind)
}
