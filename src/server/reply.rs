//! Answers of the gateway itself, as actix sends them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use isogloss_canonical::http::Response;
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
    reply.body(response.body)
}

/// An answer for a request without a route, which has no dialect.
pub(super) fn plain(status: u16, text: &'static str) -> Response {
    Response::new(status, text).with("content-type", "text/plain")
}
