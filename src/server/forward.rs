//! Streams a request to the origin, and its answer back to the client.

use std::io;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use isogloss_canonical::fault::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::origin::Origin;
use crate::origin::client::{OriginResponse, Pieces, RequestBody};
use crate::origin::idle::Activity;
use crate::server::framing::Framing;
use crate::server::head::Head;

/// The most pieces of a body that wait between client and origin.
const WAITING: usize = 8;

type Received = mpsc::Receiver<io::Result<Bytes>>;
type ReadTask = actix_web::rt::task::JoinHandle<()>;

/// Forwards a request while it arrives, and sends the answer back while it arrives.
pub(super) async fn forward(
    origin: &Origin,
    head: &Head<'_>,
    below: &str,
    (framing, body): (Framing, web::Payload),
) -> Result<HttpResponse, Fault> {
    let limits = origin.idle_limits();
    let activity = Activity::new(match framing {
        Framing::Websocket => limits.websocket,
        Framing::Nothing | Framing::Sized(_) | Framing::Chunked => limits.exchange,
    });
    let (body, received, task) = request_body(framing, body, &activity);
    let answered = origin.forward(&head.incoming(below), body, &activity).await;
    let response = answered.inspect_err(|_| task.iter().for_each(ReadTask::abort))?;
    match received {
        Some(received) if response.switches() => switch(response, received, activity).await,
        Some(_) | None => Ok(stream_back(response, activity)),
    }
}

/// The body to forward, and, for a websocket, the further bytes of the client.
fn request_body(
    framing: Framing,
    body: web::Payload,
    activity: &Activity,
) -> (RequestBody, Option<Received>, Option<ReadTask>) {
    if matches!(framing, Framing::Nothing) {
        return (RequestBody::Nothing, None, None);
    }
    let (sender, received) = mpsc::channel(WAITING);
    let together = framing == Framing::Websocket;
    let task = Some(actix_web::rt::spawn(read(body, sender, activity.clone(), together)));
    match framing {
        Framing::Websocket => (RequestBody::Websocket, Some(received), task),
        Framing::Sized(length) => (RequestBody::Sized(length, pieces(received)), None, task),
        Framing::Chunked | Framing::Nothing => (RequestBody::Chunked(pieces(received)), None, task),
    }
}

/// Reads the client's bytes piece by piece. If the origin is slow, the reading waits. A websocket
/// ends only if both sides are idle.
async fn read(
    mut body: web::Payload,
    sender: mpsc::Sender<io::Result<Bytes>>,
    activity: Activity,
    together: bool,
) {
    loop {
        let next = if together {
            activity.while_active(body.next()).await
        } else {
            activity.within_limit(body.next()).await
        };
        let piece = match next {
            Some(None) => return,
            Some(Some(piece)) => piece.map_err(io::Error::other),
            None => Err(io::ErrorKind::TimedOut.into()),
        };
        let last = piece.is_err();
        if sender.send(piece).await.is_err() || last {
            return;
        }
        activity.touch();
    }
}

fn pieces(receiver: Received) -> Pieces {
    Box::pin(stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    }))
}

/// The origin's answer, sent while it arrives.
fn stream_back(response: OriginResponse, activity: Activity) -> HttpResponse {
    let mut reply = reply_head(&response);
    if let Some(length) = response.length() {
        reply.no_chunking(length);
    }
    reply.streaming(activity.watch(response.pieces()))
}

fn reply_head(response: &OriginResponse) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = HttpResponse::build(status);
    for header in response.end_to_end_headers() {
        reply.append_header(header);
    }
    reply
}

/// After a switch of protocols: copies bytes until one side closes or both are idle.
async fn switch(
    response: OriginResponse,
    mut received: Received,
    activity: Activity,
) -> Result<HttpResponse, Fault> {
    let mut reply = reply_head(&response);
    reply.upgrade("websocket");
    let (mut read, mut write) = tokio::io::split(response.connection().await?);
    actix_web::rt::spawn(async move {
        while let Some(Ok(piece)) = received.recv().await {
            if write.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The client has closed, so the connection to the origin is closed too.
        drop(write.shutdown().await);
    });
    let (sender, from_origin) = mpsc::channel(WAITING);
    actix_web::rt::spawn(async move {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = read.read(&mut buffer).await {
            if sender.send(Ok(Bytes::copy_from_slice(&buffer[..count]))).await.is_err() {
                return;
            }
        }
    });
    Ok(reply.streaming(activity.watch(pieces(from_origin))))
}
