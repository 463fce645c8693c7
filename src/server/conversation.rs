//! One open websocket of a dialect: hands its events to the dialect, and sends what the dialect says.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_http::ws::CloseCode;
use bytes::Bytes;
use futures_util::StreamExt;
use isogloss_canonical::socket::{Event, Reaction, Socket};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};

use crate::origin::incoming::Inbound;
use crate::pipeline::Pipeline;
use crate::server::body::Coming;
use crate::server::frames::{Frames, Received, close, ping, pong, text};
use crate::server::seats::Seat;
use crate::term::{Stopping, Term};

/// Where the frames for the client go.
pub(super) type Frame = io::Result<Bytes>;

/// An open websocket.
pub(super) struct Conversation {
    pub(super) socket: Box<dyn Socket>,
    pub(super) pipeline: Pipeline,
    pub(super) inbound: Arc<Inbound>,
    pub(super) limits: Limits,
    pub(super) stopping: Stopping,
    pub(super) to_client: mpsc::Sender<Frame>,
    /// Held until the websocket is closed.
    pub(super) _seat: Seat,
}

/// The limits of a websocket on time, and of a request on calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The limit for one event.
    pub(super) event: Duration,
    /// How long a client may send nothing, not even the answer to a ping.
    pub(super) idle: Duration,
    /// The most calls of a batch.
    pub(super) batch: usize,
}

/// The websocket has ended. `Some`: the client is told why.
type Ended = Option<CloseCode>;

impl Conversation {
    /// Goes on until one of both closes the connection, or the gateway stops.
    pub(super) async fn run(mut self, coming: Coming) {
        if let Err(Some(code)) = self.talk(coming).await {
            // The client may have gone already, or not read what was sent before.
            drop(self.to_client.try_send(Ok(close(code))));
        }
        tracing::debug!("a websocket was closed");
    }

    async fn talk(&mut self, mut coming: Coming) -> Result<(), Ended> {
        self.react(Event::Opened).await?;
        let (period, idle) = (self.socket.period(), self.limits.idle);
        let mut timer = interval_at(Instant::now() + period, period);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut frames, mut heard) = (Frames::default(), Instant::now());
        let stopping = self.stopping.clone();
        let mut stopped = std::pin::pin!(stopping.begun());
        loop {
            let to_client = self.to_client.clone();
            tokio::select! {
                piece = coming.next() => {
                    let Some(Ok(piece)) = piece else { return Err(None) };
                    heard = Instant::now();
                    frames.add(&piece);
                    self.hear(&mut frames).await?;
                }
                _ = timer.tick() => {
                    self.react(Event::Elapsed).await?;
                    self.send(ping()).await?;
                }
                () = sleep_until(heard + idle) => return Err(Some(CloseCode::Away)),
                () = stopped.as_mut() => return Err(Some(CloseCode::Away)),
                () = to_client.closed() => return Err(None),
            }
        }
    }

    /// Answers what has come so far. The next piece is read after that, so that a client cannot ask
    /// faster than it is answered.
    async fn hear(&mut self, frames: &mut Frames) -> Result<(), Ended> {
        while let Some(received) = frames.next().map_err(Some)? {
            match received {
                Received::Message(message) => self.react(Event::Heard(&message)).await?,
                Received::Ping(payload) => self.send(pong(&payload)).await?,
                Received::Nothing => {}
                Received::Close => return Err(Some(CloseCode::Normal)),
            }
        }
        Ok(())
    }

    /// Has the dialect say what follows from an event. Each event has a pipeline of its own, as a request
    /// has, so that nothing of an earlier one is taken for true.
    async fn react(&mut self, event: Event<'_>) -> Result<(), Ended> {
        let (term, _waiting) = Term::begin(self.limits.event, &self.stopping, self.limits.batch);
        let exchange = self.pipeline.clone().inbound(Arc::clone(&self.inbound)).until(term);
        match timeout(self.limits.event, self.socket.react(event, &exchange)).await {
            Ok(Reaction::Say(messages)) => {
                for message in messages {
                    self.send(text(&message)).await?;
                }
                Ok(())
            }
            Ok(Reaction::End) => Err(None),
            Err(_elapsed) => {
                tracing::warn!("a websocket is closed: the time for an event is up");
                Err(None)
            }
        }
    }

    /// Sends a frame. A client that does not read is waited for as long as one that says nothing, and not
    /// while the gateway stops.
    async fn send(&self, frame: Bytes) -> Result<(), Ended> {
        tokio::select! {
            biased;
            sent = self.to_client.send(Ok(frame)) => sent.map_err(|_gone| None),
            () = self.stopping.begun() => Err(Some(CloseCode::Away)),
            () = sleep(self.limits.idle) => Err(None),
        }
    }
}
