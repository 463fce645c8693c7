//! JSON-RPC: reads the body of a request and its calls, and writes answers.

use isogloss_canonical::extent::Extent;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::listing::Listing;
use isogloss_interop::php::json::{Style, Unwritable};
use isogloss_interop::php::value::{MinusZero, Php};

const JSON: &str = "application/json";

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RpcCall<'a> {
    /// The name of the method.
    pub(crate) method: &'a str,
    /// The parameters: an array, or null if there are none.
    pub(crate) parameters: &'a Php,
}

impl<'a> RpcCall<'a> {
    /// Reads an item of a batch, or the payload; `None` if it is no call.
    pub(crate) fn read(item: &'a Php) -> Option<Self> {
        if item.member("jsonrpc") != Some(&Php::from("2.0")) {
            return None;
        }
        let Some(Php::Text(method)) = item.member("method") else { return None };
        let parameters = item.member("params").unwrap_or(&Php::Null);
        let fits = *parameters == Php::Null || parameters.is_array();
        fits.then_some(Self { method, parameters })
    }
}

/// The body as PHP decodes it, whatever the HTTP method and the content type; `None` unless it is
/// an array. A body with more values than the limit is not decoded: a value of two bytes takes a
/// hundred in memory.
pub(crate) fn read_payload(request: &Request, limit: usize, minus_zero: MinusZero) -> Option<Php> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split([';', ',', ' ']).next().unwrap_or_default();
    // PHP reads such a body itself, so that the script finds none.
    if request.method == "POST" && kind.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    if Extent::of(&request.body).values > limit {
        return None;
    }
    let decoded = serde_json::from_slice(&request.body).ok()?;
    Some(Php::decoded(decoded, minus_zero)).filter(Php::is_array)
}

/// Writes the answer to one call. It has a `result` or an `error`, never both: some clients take
/// the presence of `error` for a failure.
pub(crate) fn write_answer(
    member: (&str, Php),
    id: &Php,
    style: Style,
) -> Result<String, Unwritable> {
    let answer = Php::map([("jsonrpc", Php::from("2.0")), member, ("id", id.clone())]);
    let mut text = String::new();
    answer.write(&mut text, style)?;
    Ok(text)
}

/// A response with a JSON body.
pub(crate) fn json_response(status: u16, body: impl Into<Listing>) -> Response {
    body.into().response(status).with("content-type", JSON)
}
