//! An answer of an origin that is read while it arrives.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use http::header::{
    CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::origin::pieces::{Pieces, WEBSOCKET};
use crate::origin::response_headers::rewrite;
use crate::origin::site::Sites;

/// An answer that is read while it arrives.
#[derive(Debug)]
pub struct OriginResponse(http::Response<Incoming>);

impl OriginResponse {
    /// The answer as it came.
    pub(super) const fn of(response: http::Response<Incoming>) -> Self {
        Self(response)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Whether the origin has accepted the switch of protocols.
    #[must_use]
    pub fn switches(&self) -> bool {
        self.0.status() == StatusCode::SWITCHING_PROTOCOLS
    }

    pub(super) fn is_for_a_websocket(&self) -> bool {
        let mut named = self.0.headers().get_all(UPGRADE).iter();
        let first = named.next().is_some_and(|value| {
            value.to_str().is_ok_and(|value| value.trim().eq_ignore_ascii_case(WEBSOCKET))
        });
        first && named.next().is_none()
    }

    /// The answer with the headers that its client must see.
    pub(super) fn seen_from(mut self, sites: Sites<'_>) -> Self {
        rewrite(self.0.headers_mut(), sites);
        self
    }

    /// The headers.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.headers().iter()
    }

    /// The length that the head declares. The answer to a `HEAD` has one, and no body.
    #[must_use]
    pub fn declared_length(&self) -> Option<u64> {
        self.0.headers().get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
    }

    /// The length of the body, if the head has it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        hyper::body::Body::size_hint(self.0.body()).exact()
    }

    /// The body.
    #[must_use]
    pub fn pieces(self) -> Pieces {
        Box::pin(self.0.into_body().into_data_stream().map_err(io::Error::other))
    }

    /// The body in chunks, framed as HTTP/1.1 has it, with the trailers after the last chunk.
    #[must_use]
    pub fn chunks(self) -> Pieces {
        let frames = http_body_util::BodyStream::new(self.0.into_body());
        let chunked = stream::unfold(Some(frames), |state| async {
            let mut frames = state?;
            Some(match frames.next().await {
                None => (Ok(last_chunk(&HeaderMap::new())), None),
                Some(Err(error)) => (Err(io::Error::other(error)), None),
                Some(Ok(frame)) => match chunk(frame) {
                    (bytes, false) => (Ok(bytes), Some(frames)),
                    (bytes, true) => (Ok(bytes), None),
                },
            })
        });
        Box::pin(chunked)
    }

    /// The connection after a switch of protocols.
    pub async fn connection(self) -> Result<impl AsyncRead + AsyncWrite + Send + 'static, Fault> {
        let upgraded = hyper::upgrade::on(self.0).await.map_err(|error| {
            Fault::new(FaultKind::Unavailable, "the origin did not switch").because(error)
        })?;
        Ok(TokioIo::new(upgraded))
    }

    /// The whole answer, up to a limit.
    pub(super) async fn whole(self, limit: usize) -> Result<Response, Fault> {
        let mut response = Response::new(self.status(), "");
        // The server writes the length of the body that it sends.
        for (name, value) in self.headers().filter(|(name, _)| **name != CONTENT_LENGTH) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            response = response.with(name.as_str().to_owned(), value);
        }
        let (mut pieces, mut body) = (self.pieces(), BytesMut::new());
        while let Some(piece) = pieces.try_next().await.map_err(broken_off)? {
            if body.len() + piece.len() > limit {
                return Err(Fault::new(FaultKind::Unavailable, "the answer is over the limit"));
            }
            body.extend_from_slice(&piece);
        }
        response.body = body.freeze();
        Ok(response)
    }
}

fn broken_off(error: io::Error) -> Fault {
    Fault::new(FaultKind::Unavailable, "the origin's answer broke off").because(error)
}

/// One frame as it goes in chunks, and whether it is the last.
fn chunk(frame: Frame<Bytes>) -> (Bytes, bool) {
    match frame.into_data() {
        Ok(data) if data.is_empty() => (data, false),
        Ok(data) => {
            let mut bytes = BytesMut::with_capacity(data.len() + 16);
            bytes.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
            bytes.extend_from_slice(&data);
            bytes.extend_from_slice(b"\r\n");
            (bytes.freeze(), false)
        }
        Err(frame) => match frame.into_trailers() {
            Ok(trailers) => (last_chunk(&trailers), true),
            Err(_unknown) => (Bytes::new(), false),
        },
    }
}

/// The last chunk with these trailers. Those that would frame the message again are left out (RFC
/// 9110, section 6.5.1).
fn last_chunk(trailers: &HeaderMap) -> Bytes {
    let mut bytes = BytesMut::from("0\r\n");
    let framing = [CONTENT_LENGTH, TRANSFER_ENCODING];
    for (name, value) in trailers.iter().filter(|(name, _)| !framing.contains(name)) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.freeze()
}
