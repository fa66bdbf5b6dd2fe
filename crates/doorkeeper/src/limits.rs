//! What a stranger may cost.

use std::time::Duration;
use zone_bridge::MESSAGE_LIMIT;

/// The limits of the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time. Further ones wait in the kernel's queue, where they cost us nothing.
    pub connections: usize,
    /// Bytes of a request's head. At least 8192.
    pub head: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a body.
    pub body: usize,
    /// How long a request may take from the connection's first moment to the body's last byte; Zone 1 has as long again to
    /// answer, and the caller as long again to read that.
    pub time: Duration,
}

// === impl Limits ===

impl Limits {
    /// For strangers. With its head and what the bridge adds, the longest body still fits into one message of the bridge.
    pub const STRANGERS: Self = Self {
        connections: 32,
        head: 16 * 1024,
        headers: 64,
        body: MESSAGE_LIMIT - 64 * 1024,
        time: Duration::from_secs(10),
    };
}
