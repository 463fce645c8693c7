//! Switches a request to a websocket of the dialect.

use std::sync::Arc;

use actix_http::ws::{hash_key, verify_handshake};
use actix_web::body::BodyStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::socket::Socket;
use tokio::sync::mpsc;
use tracing::Instrument;
use uuid::Uuid;

use crate::origin::incoming::Inbound;
use crate::pipeline::Pipeline;
use crate::server::body::coming;
use crate::server::conversation::{Conversation, Limits};
use crate::server::listener::Listener;
use crate::server::reply::REQUEST_ID;

/// The most frames that wait for a client. One who reads too slowly is disconnected.
const WAITING: usize = 8;

/// A socket that a dialect has for a request.
pub(super) struct Accepted {
    pub(super) socket: Box<dyn Socket>,
    pub(super) pipeline: Pipeline,
    pub(super) inbound: Arc<Inbound>,
    pub(super) id: Uuid,
}

/// Answers with the switch, and leaves the websocket to a task. It is refused if too many are open.
pub(super) fn switch(
    at: &Listener,
    accepted: Accepted,
    (request, body): (&HttpRequest, web::Payload),
) -> Result<HttpResponse, Fault> {
    let Accepted { socket, pipeline, inbound, id } = accepted;
    verify_handshake(request.head())
        .map_err(|error| Fault::new(FaultKind::Malformed, error.to_string()))?;
    let seat = at.seats.take(inbound.sender.client).ok_or_else(too_many)?;
    let (to_client, from_dialect) = mpsc::channel(WAITING);
    let conversation = Conversation {
        socket,
        pipeline,
        inbound,
        limits: Limits { event: at.timeout, idle: at.websocket_idle, batch: at.batch_limit },
        stopping: at.stopping.clone(),
        to_client,
        _seat: seat,
    };
    actix_web::rt::spawn(conversation.run(coming(body)).in_current_span());
    let key = request.headers().get(SEC_WEBSOCKET_KEY).map_or(&[][..], |key| key.as_bytes());
    let mut reply = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    reply.upgrade("websocket");
    reply.insert_header((SEC_WEBSOCKET_ACCEPT, &hash_key(key)[..]));
    reply.insert_header((REQUEST_ID, id.to_string()));
    let frames = stream::unfold(from_dialect, |mut from| async move {
        from.recv().await.map(|frame| (frame, from))
    });
    Ok(reply.body(BodyStream::new(frames)))
}

fn too_many() -> Fault {
    Fault::new(FaultKind::Throttled, "too many websockets are open")
}
