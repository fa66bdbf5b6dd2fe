//! A call's messages on their way in: each whole in time, and all of a zone's together within its bytes.

use crate::limits::MESSAGE_LIMIT;
use crate::refused::Reason;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use std::cmp::min;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;
use tonic::Status;

/// Bytes before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Bytes that one call holds of what its zone may have under way.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: AtomicUsize,
    of_zone: Arc<AtomicUsize>,
    limit: usize,
}

/// What a call sends.
#[derive(Debug)]
pub(crate) struct Inward {
    body: Incoming,
    place: Place,
    held: Arc<Held>,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Where a call is in what it sends.
#[derive(Debug, Default)]
struct Place {
    sent_one: bool,
    prefix: Vec<u8>,
    left: usize,
    seen: usize,
}

// === impl Held ===

impl Held {
    pub(crate) fn nothing_yet(of_zone: Arc<AtomicUsize>, limit: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), of_zone, limit }
    }

    /// Holds as many bytes, for as long as the call lives. `false` when the zone has too many under way.
    fn hold(&self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes.fetch_max(bytes, Ordering::Relaxed));
        self.of_zone.fetch_add(more, Ordering::Relaxed) + more <= self.limit
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of_zone.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

// === impl Inward ===

impl Inward {
    pub(crate) fn new(body: Incoming, held: Arc<Held>, patience: Duration) -> Self {
        Self { body, place: Place::default(), held, patience, deadline: None }
    }
}

impl Body for Inward {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let untrusted = frame.data_ref().map_or(&[][..], |data| data);
                this.place.take(untrusted);
                if !this.place.is_within_a_message() {
                    this.deadline = None;
                }
                // Larger ones are refused by their prefix.
                if !this.held.hold(min(this.place.seen, MESSAGE_LIMIT)) {
                    return Poll::Ready(Some(Err(Reason::TooManyBytes.status())));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Status::from_error(error.into())))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if this.place.is_within_a_message() => {
                let patience = this.patience;
                let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                deadline.as_mut().poll(cx).map(|()| Some(Err(Reason::TooSlow.status())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

// === impl Place ===

impl Place {
    fn take(&mut self, untrusted: &[u8]) {
        let mut rest = untrusted;
        while !rest.is_empty() {
            if self.left == 0 {
                let (prefix, after) = rest.split_at(min(PREFIX - self.prefix.len(), rest.len()));
                self.prefix.extend_from_slice(prefix);
                rest = after;
                let &[_compressed, a, b, c, d] = self.prefix.as_slice() else { return };
                self.left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                self.seen = 0;
                self.prefix.clear();
            }
            let (part, after) = rest.split_at(min(self.left, rest.len()));
            self.left -= part.len();
            self.seen += part.len();
            self.sent_one |= self.left == 0;
            rest = after;
        }
    }

    /// Every call begins with a message; after that only what was begun must be ended.
    const fn is_within_a_message(&self) -> bool {
        !self.sent_one || !self.prefix.is_empty() || self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_within_a_message_until_the_last_byte_and_holds_the_largest() {
        let two = [&[0, 0, 0, 0, 3][..], b"abc", &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 2], b"de"].concat();
        for size in 1..=two.len() {
            let mut place = Place::default();
            assert!(place.is_within_a_message(), "before the first one");
            two.chunks(size).for_each(|part| place.take(part));
            assert!(!place.is_within_a_message(), "in parts of {size}");
        }
        let mut place = Place::default();
        place.take(&[0, 0, 0, 0, 1, b'x', 0]);
        assert!(place.is_within_a_message(), "the second one was begun");
    }

    #[test]
    fn what_calls_hold_is_counted_until_they_end() {
        let of_zone = Arc::new(AtomicUsize::new(0));
        let first = Held::nothing_yet(Arc::clone(&of_zone), 10);
        let second = Held::nothing_yet(Arc::clone(&of_zone), 10);
        assert!(first.hold(6) && first.hold(2) && second.hold(4));
        assert!(!second.hold(5));
        drop(first);
        assert!(second.hold(10));
        drop(second);
        assert_eq!(of_zone.load(Ordering::Relaxed), 0);
    }
}
