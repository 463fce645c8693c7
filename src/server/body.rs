//! The body of a request: read whole up to a limit, or passed on while it comes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use isogloss_canonical::fault::{Fault, FaultKind};

use crate::origin::outline::Outline;

/// How much of a body is kept that is passed on: the names of its calls are in the first bytes.
const KEPT: usize = 64 << 10;

/// A body while it comes.
pub(super) type Coming = Pin<Box<dyn Stream<Item = io::Result<Bytes>>>>;

/// A body that a dialect was to read.
pub(super) enum Body {
    /// All of it.
    Whole(Bytes),
    /// It is longer than the limit: what was read, and the rest.
    Long(Bytes, web::Payload),
}

/// Reads a body within a time, and until it is over the limit.
pub(super) async fn read(
    mut body: web::Payload,
    limit: usize,
    timeout: Duration,
) -> Result<Body, Fault> {
    let all = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                Fault::new(FaultKind::Malformed, format!("the body broke off: {error}"))
            })?;
            bytes.extend_from_slice(&chunk);
            if bytes.len() > limit {
                return Ok(Body::Long(bytes.freeze(), body));
            }
        }
        Ok(Body::Whole(bytes.freeze()))
    };
    tokio::time::timeout(timeout, all)
        .await
        .unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "the body did not come in time")))
}

/// A body as it comes.
pub(super) fn coming(body: web::Payload) -> Coming {
    Box::pin(body.map(|piece| piece.map_err(io::Error::other)))
}

/// A long call as it comes, after its beginning. It is cut off where it would get a second meaning.
pub(super) fn checked(beginning: Bytes, rest: web::Payload) -> Coming {
    let mut outline = Outline::default();
    let whole = stream::once(async { Ok(beginning) }).chain(coming(rest));
    Box::pin(whole.map(move |piece| {
        let piece = piece?;
        outline.read(&piece).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(piece)
    }))
}

/// The beginning of a body that is passed on.
#[derive(Clone, Default)]
pub(super) struct Beginning(Arc<Mutex<BytesMut>>);

impl Beginning {
    /// The same body, whose beginning is kept.
    pub(super) fn of(&self, body: Coming) -> Coming {
        let kept = self.clone();
        Box::pin(body.inspect(move |piece| {
            let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT.saturating_sub(kept.len());
            if let Ok(piece) = piece {
                kept.extend_from_slice(&piece[..piece.len().min(room)]);
            }
        }))
    }

    /// What has come of it so far.
    pub(super) fn bytes(&self) -> Bytes {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().freeze()
    }
}
