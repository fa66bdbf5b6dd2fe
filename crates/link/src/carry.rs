//! One stream: bytes from a socket to the other side and back, until both directions have ended.

use futures_io::{AsyncRead as _, AsyncWrite as _};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};

/// Bytes in hand for each direction of a stream: one frame.
const IN_HAND: usize = 16 * 1024;

/// The multiplexer's stream in the runtime's terms, and with one difference: that it was broken off is an error and not an end.
struct Far {
    stream: yamux::Stream,
    we_ended: bool,
}

/// Carries one stream. An end in one direction leaves the other open; an error ends both.
pub(crate) async fn carry(mut near: impl AsyncRead + AsyncWrite + Unpin, stream: yamux::Stream) {
    let mut far = Far { stream, we_ended: false };
    // How it ended is seen by both ends; there is nobody else to tell.
    let _ = copy_bidirectional_with_sizes(&mut near, &mut far, IN_HAND, IN_HAND).await;
}

/// Makes the other side dial now. Otherwise it hears of a stream only with the first byte, and a client that waits for the
/// server to speak first would wait for ever.
pub(crate) async fn announce(stream: &mut yamux::Stream) -> io::Result<()> {
    std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, &[])).await.map(|_none| ())
}

impl AsyncRead for Far {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf.initialize_unfilled()))?;
        // A stream that the other side ended in order can still be written to, unless we ended it too.
        if read == 0 && buf.remaining() > 0 && self.stream.is_closed() && !self.we_ended {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Far {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.we_ended {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.stream).poll_close(cx))?;
        self.we_ended = true;
        Poll::Ready(Ok(()))
    }
}
