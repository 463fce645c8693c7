//! A connection as it comes from the listener: what is read is checked, and neither side waits for
//! ever.

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

/// How much a client must read within the limit, once it makes us wait.
const LEAST: usize = 64 << 10;

/// How long a client may let us wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a head that it has begun.
    pub(super) head: Duration,
    /// For reading what was answered.
    write: Duration,
    /// With nothing to read and nothing that can be written. Whatever else waits has a limit of
    /// its own that is shorter.
    rest: Duration,
}

impl Patience {
    /// As configured.
    pub(super) fn of(limits: &Limits) -> Self {
        let longest = limits.idle.max(limits.websocket_idle).max(limits.request);
        Self { head: limits.head, write: limits.idle, rest: longest + Duration::from_secs(5) }
    }
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    patience: Patience,
    lines: Lines,
    head: Option<Pin<Box<Sleep>>>,
    /// When something last moved, and the timer that looks.
    moved: Instant,
    rest: Pin<Box<Sleep>>,
    /// Running since the client made us wait, with what it has read since.
    blocked: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Wire {
    /// Takes a connection over.
    pub(super) fn new(stream: TcpStream, patience: Patience) -> Self {
        let (lines, moved) = (Lines::new(), Instant::now());
        let rest = Box::pin(sleep(patience.rest));
        Self { stream, patience, lines, head: None, moved, rest, blocked: None }
    }

    /// Whether a head that was begun takes too long. The first of a connection has the server's
    /// own limit, and its answer.
    fn head_is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.lines.is_within_a_later_head() {
            self.head = None;
            return false;
        }
        let limit = self.patience.head;
        let timer = self.head.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).is_ready()
    }

    /// Whether nothing has moved for longer than anything may take.
    fn rests(&mut self, cx: &mut Context<'_>) -> bool {
        while self.rest.as_mut().poll(cx).is_ready() {
            let due = self.moved + self.patience.rest;
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
                timer.as_mut().reset(Instant::now() + self.patience.write);
            }
        }
    }

    /// Whether the client has let us wait for too long.
    fn is_stuck(&mut self, cx: &mut Context<'_>) -> bool {
        let limit = self.patience.write;
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

    /// Asked for once everything has been taken: nobody is waited for any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.blocked = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
