//! Keeps the multiplexer reading while it cannot write.
//!
//! `yamux` answers a ping before it reads on. While the pipe is full it cannot answer, so it does not read; if the other
//! side is in the same state, neither ever reads again (libp2p/rust-yamux issue 227). So a write that stands in the way
//! of reading gets room that no other write gets. The room is enough for what must go out before reading goes on: the
//! rest of one data frame, one ping and the answer. An honest side has one ping under way at a time, and by the time it
//! sends the next one, everything up to the answer to the last one has left this buffer; so the room is always free when
//! it is needed. A dishonest one that never reads fills the room and then waits, which harms only itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes that may wait for the pipe.
const USUAL: usize = 64 * 1024;

/// More of them while writing keeps the multiplexer from reading: above one frame of 16 KiB and three headers of 12 bytes.
const EXTRA: usize = 32 * 1024;

/// Shared by the pipe and by who polls the multiplexer on top of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    waits_to_read: AtomicBool,
    wide: AtomicBool,
}

// === impl Gate ===

impl Gate {
    /// The multiplexer wants to read: nothing stands in its way.
    pub(crate) fn reading(&self) {
        self.0.wide.store(false, Ordering::Relaxed);
    }

    /// Whether there was anything to read.
    pub(crate) fn read(&self, waits: bool) {
        self.0.waits_to_read.store(waits, Ordering::Relaxed);
    }

    /// How many bytes may wait now.
    pub(crate) fn room(&self) -> usize {
        if self.0.wide.load(Ordering::Relaxed) { USUAL + EXTRA } else { USUAL }
    }

    /// Call before the multiplexer is polled.
    pub(crate) fn before(&self) {
        self.read(false);
    }

    /// Call when it was polled and waits. True if it does not wait to read, and has more room now: poll it again.
    pub(crate) fn stuck(&self) -> bool {
        !self.0.waits_to_read.load(Ordering::Relaxed) && !self.0.wide.swap(true, Ordering::Relaxed)
    }
}
