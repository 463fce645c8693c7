//! Answers of the gateway itself, as actix sends them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::{Stream, StreamExt, stream};
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Pieces, Response};
use uuid::Uuid;

/// The header with the request's id. The id is in the answer and in every log line.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// An answer with the id of its request.
pub(super) fn reply(response: Response, id: Uuid) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = HttpResponse::build(status);
    for (name, value) in &response.headers {
        reply.append_header((name.as_ref(), value.as_str()));
    }
    reply.append_header((REQUEST_ID, id.to_string()));
    match response.rest.and_then(|rest| rest.take()) {
        Some(rest) => reply.streaming(stream(response.body, rest)),
        None => reply.body(response.body),
    }
}

/// A body whose rest is made while it is sent. If that fails, the connection ends before the body
/// does, so that no client takes a part for the whole.
fn stream(
    beginning: Bytes,
    rest: Box<dyn Pieces>,
) -> impl Stream<Item = Result<Bytes, Fault>> + 'static {
    let rest = stream::unfold(rest, async |mut rest| {
        let piece = rest.next().await?;
        if let Err(fault) = &piece {
            tracing::error!(%fault, cause = ?fault.source, "an answer ended in the middle");
        }
        Some((piece, rest))
    });
    stream::once(ready(Ok(beginning))).chain(rest)
}

/// An answer for a request without a route, which has no dialect.
pub(super) fn plain(status: u16, text: &'static str) -> Response {
    Response::new(status, text).with("content-type", "text/plain")
}
