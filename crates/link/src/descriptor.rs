//! Descriptors that one can wait for and that are no sockets of ours: a serial device, or whatever standard input and
//! output happen to be.

use anyhow::Context as _;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};

/// A pipe of two descriptors, which may be the same device.
///
/// The runtime's own reading takes less than was asked for to mean that there is no more, and waits. A serial port
/// hands out one kernel buffer at a time, however many there are; so here only the kernel's word that it would have to wait counts.
pub(crate) struct Pipe {
    receiver: Receiver,
    sender: Sender,
}

/// Opens a device to read and write; call it before files are given up.
pub(crate) fn open_device(path: &Path) -> anyhow::Result<OwnedFd> {
    let device = File::options().read(true).write(true).open(path);
    Ok(device.with_context(|| format!("cannot open the device `{}`", path.display()))?.into())
}

/// Both directions of a device.
pub(crate) fn device(device: &OwnedFd) -> anyhow::Result<Pipe> {
    both(device.as_fd(), device.as_fd())
}

/// Standard input and standard output.
pub(crate) fn standard() -> anyhow::Result<Pipe> {
    both(io::stdin().as_fd(), io::stdout().as_fd())
}

/// Unchecked, because a serial device and the socket that an SSH server may hand out do as well as a pipe: all that is
/// needed is that one can wait for it, which is checked.
fn both(reads: BorrowedFd<'_>, writes: BorrowedFd<'_>) -> anyhow::Result<Pipe> {
    let receiver = Receiver::from_owned_fd_unchecked(not_waiting(reads)?);
    let sender = Sender::from_owned_fd_unchecked(not_waiting(writes)?);
    let problem = "one cannot wait for this: it is neither a pipe nor a socket nor such a device";
    Ok(Pipe { receiver: receiver.context(problem)?, sender: sender.context(problem)? })
}

fn not_waiting(descriptor: BorrowedFd<'_>) -> anyhow::Result<OwnedFd> {
    let flags = rustix::fs::fcntl_getfl(descriptor)?;
    rustix::fs::fcntl_setfl(descriptor, flags | rustix::fs::OFlags::NONBLOCK)?;
    Ok(descriptor.try_clone_to_owned()?)
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.receiver.poll_read_ready(cx))?;
            match self.receiver.try_read(buf.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => {
                    buf.advance(read?);
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.sender.poll_write_ready(cx))?;
            match self.sender.try_write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    /// What was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closed by dropping it: a device has no end of one direction.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
