//! One end of the pipe as the multiplexer wants it: with buffers, because it reads and writes headers of 12 bytes one
//! by one, and with the gate.

use crate::gate::Gate;
use futures_io::{AsyncRead, AsyncWrite};
use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Bytes that are read from the pipe at a time.
const READ_AHEAD: usize = 64 * 1024;

pub(crate) struct Pipe<P> {
    io: P,
    gate: Gate,
    unread: VecDeque<u8>,
    unwritten: VecDeque<u8>,
    scratch: Box<[u8]>,
}

impl<P: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Pipe<P> {
    /// A pipe of which something was read already and to which something is still to be written.
    pub(crate) fn new(io: P, gate: Gate, unread: Vec<u8>, unwritten: Vec<u8>) -> Self {
        let scratch = vec![0; READ_AHEAD].into_boxed_slice();
        Self { io, gate, unread: unread.into(), unwritten: unwritten.into(), scratch }
    }

    /// Writes as much of what waits as the pipe takes.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            let (front, _) = self.unwritten.as_slices();
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, front))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unwritten.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<P: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> AsyncRead for Pipe<P> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.gate.reading();
        if this.unread.is_empty() {
            let mut read = tokio::io::ReadBuf::new(&mut this.scratch);
            let polled = Pin::new(&mut this.io).poll_read(cx, &mut read);
            this.gate.read(polled.is_pending());
            ready!(polled)?;
            this.unread.extend(read.filled());
        }
        Poll::Ready(this.unread.read(buf))
    }
}

impl<P: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> AsyncWrite for Pipe<P> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.unwritten.len() >= this.gate.room()
            && let Poll::Ready(Err(error)) = this.poll_drain(cx)
        {
            return Poll::Ready(Err(error));
        }
        let room = this.gate.room().saturating_sub(this.unwritten.len());
        if room == 0 {
            // Draining met a full pipe, so the task is woken when that changes.
            return Poll::Pending;
        }
        let taken = buf.len().min(room);
        this.unwritten.extend(buf.iter().take(taken));
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
