//! What one socket gives to whoever is behind it, hostile or not.

use std::time::Duration;

/// The largest message on any socket, in bytes. Raw content is streamed in parts.
pub const MESSAGE_LIMIT: usize = 1024 * 1024;

/// The limits of one socket. Together they bound what a zone can cost: memory, descriptors, entries in the record, and the
/// time that it takes from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are served at a time. Further ones wait in the kernel's queue, where they cost us nothing.
    pub connections: usize,
    /// Connections that wait in the kernel's queue; further ones cannot be made.
    pub waiting: i32,
    /// Calls under way on one connection.
    pub streams: u32,
    /// Calls under way on all connections together, those that wait for something included.
    pub calls_at_once: usize,
    /// Calls in a second, over a long time.
    pub calls_per_second: u32,
    /// Calls at once after a quiet time.
    pub burst: u32,
    /// Bytes of messages on their way in, on all connections together.
    pub bytes_at_once: usize,
    /// Bytes of headers of one call.
    pub headers: u32,
    /// Bytes of one frame. The least that the protocol knows: a larger one would only keep us at one connection for longer.
    pub frame: u32,
    /// Bytes that a connection may send ahead of being read.
    pub window: u32,
    /// Calls that were taken back before we got to look at them.
    pub takebacks: usize,
    /// Frames in a second on one connection that carry no call on: pings, settings, resets and the like.
    pub overhead_per_second: u32,
    /// How long a connection may take until it speaks HTTP/2.
    pub preface: Duration,
    /// How long a connection may be there for nothing, and how long a message may take from its first byte to its last.
    pub idle: Duration,
    /// How long one turn is. Turns go around: a zone waits for at most one turn of each other zone.
    pub turn: Duration,
    /// How much of the time may be used while others want it, in percent. A hundred never rests.
    pub share: u32,
}

// === impl Limits ===

impl Limits {
    /// For a zone, which may have been taken over.
    pub const ZONE: Self = Self {
        connections: 16,
        waiting: 64,
        streams: 128,
        calls_at_once: 256,
        calls_per_second: 200,
        burst: 1000,
        bytes_at_once: 16 * MESSAGE_LIMIT,
        headers: 16 * 1024,
        frame: 16 * 1024,
        window: 256 * 1024,
        takebacks: 10,
        overhead_per_second: 1000,
        preface: Duration::from_secs(2),
        idle: Duration::from_secs(8),
        turn: Duration::from_micros(250),
        share: 20,
    };

    /// For the owner's side, which comes first.
    pub const OWNER: Self = Self {
        connections: 64,
        calls_per_second: 1000,
        burst: 2000,
        turn: Duration::from_millis(1),
        share: 100,
        ..Self::ZONE
    };
}
