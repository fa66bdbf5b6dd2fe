//! Waiting for the disk.

use crate::append::Shared;
use crate::trouble::Unwritable;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;
use tokio::sync::oneshot;

/// An entry on its way to the disk.
#[must_use = "an entry is not there until it is durable"]
#[derive(Debug)]
pub struct Durable {
    done: oneshot::Receiver<()>,
    until: Instant,
    shared: Arc<Shared>,
}

/// Wakes a thread that waits without a runtime.
struct Unpark(Thread);

// === impl Durable ===

impl Durable {
    pub(crate) fn new(done: oneshot::Receiver<()>, shared: Arc<Shared>) -> Self {
        Self { done, until: Instant::now() + shared.deadline(), shared }
    }

    /// Waits until the entry, and with it every entry before it, is on the disk. Needs a runtime with a timer.
    ///
    /// [`Unwritable::Slow`] when the deadline has passed since it was appended: it may still become durable, and nothing may
    /// be done on the strength of it.
    pub async fn wait(self) -> Result<(), Unwritable> {
        match tokio::time::timeout_at(self.until.into(), self.done).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_writer_gone)) => Err(self.shared.why_stopped().into()),
            Err(_elapsed) => Err(Unwritable::Slow),
        }
    }

    /// The same for a caller without a runtime.
    pub fn wait_blocking(self) -> Result<(), Unwritable> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut done = pin!(self.done);
        loop {
            match done.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(Ok(())) => return Ok(()),
                Poll::Ready(Err(_writer_gone)) => return Err(self.shared.why_stopped().into()),
                Poll::Pending => {}
            }
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Unwritable::Slow);
            }
            std::thread::park_timeout(left);
        }
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
