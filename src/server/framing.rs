//! The framing of a request's body, as read by the HTTP parser.

use actix_web::HttpRequest;
use actix_web::http::Version;
use isogloss_canonical::fault::{Fault, FaultKind};

use crate::origin::headers::EndToEnd;
use crate::server::head::values;

/// The framing of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// No body.
    Nothing,
    /// A body of this length.
    Sized(u64),
    /// A body in chunks.
    Chunked,
    /// No body, and a request to switch to a websocket.
    Websocket,
}

impl Framing {
    /// Reads the framing. For a websocket the parser ignores the declared length and returns all
    /// further bytes. A head with both has two meanings and is refused.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Fault> {
        let headers = request.headers();
        let malformed = |why: &'static str| Fault::new(FaultKind::Malformed, why);
        if headers.contains_key("transfer-encoding") {
            return Ok(Self::Chunked);
        }
        let length = match headers.get("content-length").map(|value| value.to_str()) {
            None => None,
            Some(text) => Some(
                text.ok()
                    .and_then(|text| text.trim().parse().ok())
                    .ok_or_else(|| malformed("a length that is no number"))?,
            ),
        };
        let hands_over = values(headers, "upgrade")
            .any(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"));
        match (hands_over, length) {
            (true, Some(1..)) => Err(malformed("a websocket with a body")),
            (true, _) if is_asked_for(request) => Ok(Self::Websocket),
            (true, _) | (false, None) => Ok(Self::Nothing),
            (false, Some(length)) => Ok(Self::Sized(length)),
        }
    }
}

/// Whether the request asks for a websocket in the form of RFC 6455.
fn is_asked_for(request: &HttpRequest) -> bool {
    let headers = request.headers();
    request.method() == "GET"
        && request.version() == Version::HTTP_11
        && values(headers, "upgrade").count() == 1
        && EndToEnd::of(values(headers, "connection")).connection_names("upgrade")
}
