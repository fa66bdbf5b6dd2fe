//! One admitted connection: its bytes, and whether it is there for anything.

use crate::frames::Frames;
use crate::limits::Limits;
use crate::rate::Bucket;
use crate::turns::{TurnClock, later};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::OwnedSemaphorePermit;

/// Who is at the other end of a connection, and what the server noted about that connection. Every request that comes in
/// on it carries the same one.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The user id that the kernel gives.
    pub uid: u32,
    mark: Arc<AtomicBool>,
}

/// Whether a connection is used; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Use(Arc<Mutex<Used>>);

#[derive(Debug)]
struct Used {
    speaks_http2: bool,
    calls: usize,
    last: Instant,
}

/// The bytes of a connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    frames: Frames,
    overhead: Bucket,
    used: Use,
    clock: TurnClock,
    _place: OwnedSemaphorePermit,
}

/// A call under way on a connection.
#[derive(Debug)]
pub(crate) struct InUse(Use);

// === impl Peer ===

impl Peer {
    pub(crate) fn new(uid: u32) -> Self {
        Self { uid, mark: Arc::default() }
    }

    /// Who sent a request; `None` for one that did not come in by [`crate::serve`].
    pub fn of<T>(request: &tonic::Request<T>) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// A peer that is on no socket.
    pub fn nobody() -> Self {
        Self::new(u32::MAX)
    }

    /// Marks the connection, for as long as it lives. What a mark means is the server's affair.
    pub fn mark(&self) {
        self.mark.store(true, Ordering::Release);
    }

    /// Whether the connection was marked.
    pub fn is_marked(&self) -> bool {
        self.mark.load(Ordering::Acquire)
    }
}

// === impl Use ===

impl Use {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Used { speaks_http2: false, calls: 0, last: Instant::now() })))
    }

    /// Notes a call, for as long as the answer lives.
    pub(crate) fn by_a_call(&self) -> InUse {
        self.with(|used| used.calls += 1);
        InUse(self.clone())
    }

    /// How long the connection may stay as it is; zero when it is there for nothing.
    pub(crate) fn may_stay(&self, limits: &Limits) -> Duration {
        self.with(|used| match used {
            Used { calls: 1.., .. } => limits.idle,
            Used { speaks_http2: false, last, .. } => limits.preface.saturating_sub(last.elapsed()),
            Used { last, .. } => limits.idle.saturating_sub(last.elapsed()),
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Used) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.with(|used| {
            used.calls = used.calls.saturating_sub(1);
            used.last = Instant::now();
        });
    }
}

// === impl Connection ===

impl Connection {
    pub(crate) fn new(
        stream: UnixStream,
        place: OwnedSemaphorePermit,
        used: Use,
        limits: &Limits,
        clock: TurnClock,
    ) -> Self {
        let per_second = limits.overhead_per_second;
        let overhead = Bucket::full(per_second, per_second.saturating_mul(2), Instant::now());
        Self { stream, frames: Frames::new(), overhead, used, clock, _place: place }
    }

    fn look_at(&mut self, untrusted: &[u8]) -> io::Result<()> {
        let was_past = self.frames.is_past_the_preface();
        let tally = self.frames.take(untrusted);
        if tally.pings > 0 || (self.frames.is_past_the_preface() && !was_past) {
            self.used.with(|used| {
                used.speaks_http2 = true;
                used.last = Instant::now();
            });
        }
        if tally.overhead == 0 || self.overhead.take(tally.overhead, Instant::now()) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::QuotaExceeded, "more pings, settings and resets than calls need"))
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        // The library reads for as long as there are bytes, and a flood has always some more.
        if connection.clock.is_over() {
            return later(cx);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut connection.stream).poll_read(cx, buf))?;
        let (_, untrusted) = buf.filled().split_at(before);
        Poll::Ready(connection.look_at(untrusted))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
