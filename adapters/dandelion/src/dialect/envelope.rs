//! The envelope: the outer form of every answer of the API.

use std::convert::Infallible;

use isogloss_canonical::http::Response;
use isogloss_canonical::listing::Frame;
use isogloss_interop::php::{self, truth};
use serde_json::{Value, json};

use crate::dialect::failure::{Failure, Module};
use crate::dialect::method::Answer;
use crate::options::Options;
use crate::options::version::Lists;

/// The `status` of a success.
const COMPLETED: &str = "Completed";

/// Encodes what came of a call to a module; a list of people while it is read.
pub(crate) async fn respond(
    options: &Options,
    module: &str,
    mut result: Result<Answer, Failure>,
    milliseconds: f64,
) -> Response {
    let rows = result.as_mut().ok().and_then(|answer| answer.rows.take());
    let Some(rows) = rows else { return response(options, module, result, milliseconds) };
    match rows.begin(frame(options, module, milliseconds)).await {
        Ok(listing) => with_headers(listing.response(200)),
        Err(failure) => response(options, module, Err(failure), milliseconds),
    }
}

/// The envelope around the rows of a list.
fn frame(options: &Options, module: &str, milliseconds: f64) -> Frame {
    let write = |rows: &[&str]| {
        let data = rows.iter().copied().collect();
        let module = Some(module);
        Ok(Envelope { code: 0, status: COMPLETED, module, data }.encode(milliseconds))
    };
    let Ok::<_, Infallible>(mut frame) = Frame::of(write);
    if options.differences().lists == Lists::Object {
        frame.before.truncate(frame.before.len() - 1);
        frame.before.push('{');
        frame.after.replace_range(..1, "}");
    }
    frame
}

/// Encodes what came of a call to a module, unless it is a list of people.
pub(crate) fn response(
    options: &Options,
    module: &str,
    result: Result<Answer, Failure>,
    milliseconds: f64,
) -> Response {
    match result {
        Ok(answer) => {
            let envelope =
                Envelope { code: 0, status: COMPLETED, module: Some(module), data: answer.data };
            let cookies = answer.cookies.into_iter();
            cookies.fold(json_response(200, envelope.encode(milliseconds)), |response, cookie| {
                response.with("Set-Cookie", cookie)
            })
        }
        Err(failure) if options.empty_errors && failure.is_empty_in_release() => {
            Response::new(500, "").with("Content-Type", "text/html; charset=UTF-8")
        }
        Err(failure) => {
            let module = match failure.module {
                Module::None => None,
                Module::Api => Some("api"),
                Module::Called => Some(module),
            };
            let envelope =
                Envelope { code: failure.code, status: &failure.text, module, data: Value::Null };
            json_response(failure.status, envelope.encode(milliseconds))
        }
    }
}

fn json_response(status: u16, body: String) -> Response {
    with_headers(Response::new(status, body))
}

fn with_headers(response: Response) -> Response {
    response.with("Content-Type", "application/json").with("Access-Control-Allow-Origin", "*")
}

/// A duration as PHP prints it, with at most two decimals: `12.3ms`, `0ms`.
pub(crate) fn duration(milliseconds: f64) -> String {
    let text = format!("{:.2}", milliseconds.max(0.0));
    format!("{}ms", text.trim_end_matches('0').trim_end_matches('.'))
}

struct Envelope<'a> {
    /// The kind of the error; 0 is none.
    code: u8,
    /// What happened, as a sentence.
    status: &'a str,
    /// The module that answers.
    module: Option<&'a str>,
    /// The data that was asked for.
    data: Value,
}

impl Envelope<'_> {
    /// Writes the envelope. Data that PHP takes for false is replaced by the status.
    fn encode(self, milliseconds: f64) -> String {
        let data = if truth::of_json(&self.data) { self.data } else { json!(self.status) };
        php::json::encode(&json!({
            "errorcode": self.code,
            "status": self.status,
            "module": self.module,
            "data": data,
            "requestTime": duration(milliseconds),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_data_is_replaced_by_the_status() {
        let envelope = |data| Envelope { code: 0, status: COMPLETED, module: None, data };
        let encoded = envelope(json!([])).encode(12.3);
        assert_eq!(
            encoded,
            r#"{"errorcode":0,"status":"Completed","module":null,"data":"Completed","requestTime":"12.3ms"}"#
        );
        assert!(envelope(json!(true)).encode(0.0).contains(r#""data":true,"requestTime":"0ms""#));
        assert!(envelope(json!("0")).encode(-1.0).contains(r#""data":"Completed","#));
    }

    #[test]
    fn durations_have_two_decimals_at_most() {
        let durations = [12.0, 0.456, 0.001, 100.1].map(duration);
        assert_eq!(durations, ["12ms", "0.46ms", "0ms", "100.1ms"]);
    }
}
