//! A connection of the listener. Its bytes are checked, and each wait has a limit.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::server::limits::Limits;
use crate::server::lines::Lines;

/// The bytes that a slow client must read within the limit.
const LEAST: usize = 64 << 10;

/// The limits on waiting for a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// For a head after its first byte.
    pub(super) head: Duration,
    /// For reading the answer.
    write: Duration,
    /// For a connection with nothing to read and nothing to write. All other waits have shorter
    /// limits.
    rest: Duration,
}

impl Timeouts {
    /// The limits of the configuration.
    pub(super) fn of(limits: &Limits) -> Self {
        let longest = limits.idle.max(limits.websocket_idle).max(limits.request);
        Self { head: limits.head, write: limits.idle, rest: longest + Duration::from_secs(5) }
    }
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    timeouts: Timeouts,
    lines: Lines,
    head: Option<Pin<Box<Sleep>>>,
    /// The time of the last activity, and the timer that checks it.
    moved: Instant,
    rest: Pin<Box<Sleep>>,
    /// The timer since the client stopped reading, and the bytes that it has read since then.
    blocked: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Wire {
    /// Wraps a connection.
    pub(super) fn new(stream: TcpStream, timeouts: Timeouts) -> Self {
        let (lines, moved) = (Lines::new(), Instant::now());
        let rest = Box::pin(sleep(timeouts.rest));
        Self { stream, timeouts, lines, head: None, moved, rest, blocked: None }
    }

    /// Whether a head takes too long. The first head of a connection has the server's own limit and
    /// answer.
    fn head_is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.lines.is_within_a_later_head() {
            self.head = None;
            return false;
        }
        let limit = self.timeouts.head;
        let timer = self.head.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).is_ready()
    }

    /// Whether the connection was idle for longer than any limit.
    fn rests(&mut self, cx: &mut Context<'_>) -> bool {
        while self.rest.as_mut().poll(cx).is_ready() {
            let due = self.moved + self.timeouts.rest;
            if due <= Instant::now() {
                return true;
            }
            self.rest.as_mut().reset(due);
        }
        false
    }

    fn wrote(&mut self, count: usize) {
        self.moved = Instant::now();
        if let Some((timer, moved)) = &mut self.blocked {
            *moved += count;
            if *moved >= LEAST {
                *moved = 0;
                timer.as_mut().reset(Instant::now() + self.timeouts.write);
            }
        }
    }

    /// Whether the client has read too slowly for too long.
    fn is_stuck(&mut self, cx: &mut Context<'_>) -> bool {
        let limit = self.timeouts.write;
        let (timer, _) = self.blocked.get_or_insert_with(|| (Box::pin(sleep(limit)), 0));
        timer.as_mut().poll(cx).is_ready()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Some(came) = buffer.filled_mut().get_mut(before..).filter(|came| !came.is_empty()) {
            self.moved = Instant::now();
            self.lines.check(came);
        }
        if self.head_is_late(cx) || read.is_pending() && self.rests(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending if self.is_stuck(cx) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
            Poll::Ready(written) => {
                self.wrote(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
        }
    }

    /// Called after everything was written: no wait for the client is open.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.blocked = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
