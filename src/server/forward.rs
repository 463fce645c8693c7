//! Streams a request to the origin, and its answer back to the client.

use std::io;

use actix_web::body::{BodyStream, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::Version;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use isogloss_canonical::fault::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::origin::Origin;
use crate::origin::client::{RequestBody, too_large};
use crate::origin::idle::Activity;
use crate::origin::incoming::IncomingHead;
use crate::origin::pieces::Pieces;
use crate::origin::response::OriginResponse;
use crate::server::body::Coming;
use crate::server::framing::Framing;

/// The most pieces of a body that wait between client and origin.
const WAITING: usize = 8;

type Received = mpsc::Receiver<io::Result<Bytes>>;
type ReadTask = actix_web::rt::task::JoinHandle<()>;

/// What a client sends after the head, and the version of HTTP that it speaks.
pub(super) struct Incoming {
    pub(super) version: Version,
    pub(super) framing: Framing,
    pub(super) body: Coming,
}

/// Forwards a request while it arrives, and sends the answer back while it arrives.
pub(super) async fn forward(
    origin: &Origin,
    head: &IncomingHead<'_>,
    Incoming { version, framing, body }: Incoming,
) -> Result<HttpResponse, Fault> {
    let limits = origin.idle_limits();
    let activity = Activity::new(match framing {
        Framing::Websocket => limits.websocket,
        Framing::Nothing | Framing::Sized(_) | Framing::Chunked => limits.exchange,
    });
    let limit = match framing {
        Framing::Websocket => u64::MAX,
        Framing::Nothing | Framing::Sized(_) | Framing::Chunked => {
            origin.body_limit().unwrap_or(u64::MAX)
        }
    };
    if matches!(framing, Framing::Sized(length) if length > limit) {
        return Err(too_large());
    }
    let (body, received, task) = request_body(framing, (body, limit), &activity);
    let answered = origin.forward(head, body, &activity).await;
    let response = answered.inspect_err(|_| task.iter().for_each(ReadTask::abort))?;
    match received {
        Some(received) if response.switches() => switch(response, received, activity).await,
        Some(_) | None => Ok(stream_back(response, (head.method, version), activity)),
    }
}

/// The body to forward, and, for a websocket, the further bytes of the client.
fn request_body(
    framing: Framing,
    body: (Coming, u64),
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

/// Reads the client's bytes piece by piece, up to a limit. If the origin is slow, the reading waits.
/// A websocket ends only if both sides are idle.
async fn read(
    (mut body, mut limit): (Coming, u64),
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
            Some(Some(piece)) => piece.and_then(|piece| {
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                limit = limit.checked_sub(length).ok_or(io::ErrorKind::FileTooLarge)?;
                Ok(piece)
            }),
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

/// The origin's answer, sent while it arrives. actix sends no trailers, so that chunks are framed
/// here. A client of HTTP/1.0 gets no chunks: the end of the connection ends the body.
fn stream_back(
    response: OriginResponse,
    (method, version): (&str, Version),
    activity: Activity,
) -> HttpResponse {
    let mut reply = reply_head(&response);
    if method == "HEAD" || matches!(response.status(), 204 | 304) {
        return without_body(reply, &response);
    }
    if let Some(length) = response.length() {
        return reply.body(SizedStream::new(length, activity.watch(response.pieces())));
    }
    reply.no_chunking(0);
    let mut reply = if version < Version::HTTP_11 {
        reply.force_close();
        reply.body(BodyStream::new(activity.watch(response.pieces())))
    } else {
        reply.append_header((TRANSFER_ENCODING, "chunked"));
        reply.body(BodyStream::new(activity.watch(response.chunks())))
    };
    // What `no_chunking` has written.
    reply.headers_mut().remove(CONTENT_LENGTH);
    reply
}

/// The answer to a `HEAD`, and others that have no body whatever length they declare.
fn without_body(mut reply: HttpResponseBuilder, response: &OriginResponse) -> HttpResponse {
    match (response.status(), response.declared_length()) {
        (304, Some(length)) => reply.insert_header((CONTENT_LENGTH, length)).finish(),
        (200..=203 | 205..=303 | 305.., Some(length)) => {
            reply.body(SizedStream::new(length, stream::empty::<io::Result<Bytes>>()))
        }
        (_, _) => reply.body(actix_web::body::None::new()),
    }
}

fn reply_head(response: &OriginResponse) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = HttpResponse::build(status);
    for (name, value) in response.headers().filter(|(name, _)| *name != "content-length") {
        reply.append_header((name.as_str(), value.as_bytes()));
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
    Ok(reply.body(BodyStream::new(activity.watch(pieces(from_origin)))))
}
