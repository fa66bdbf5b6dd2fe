//! A zone on one connection.

use action::{Role, ZoneId};
use zone_bridge::Peer;

/// A zone on one connection: which socket it came in on says who it is; what it was handed there says under what it asks.
///
/// A zone dials once, before it gives up dialling, so what one of its connections was handed is what that process knows.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The zone behind the socket.
    pub zone: ZoneId,
    peer: Peer,
}

// === impl Caller ===

impl Caller {
    /// The zone of that socket, on this connection.
    pub const fn new(zone: ZoneId, peer: Peer) -> Self {
        Self { zone, peer }
    }

    /// A caller on no socket.
    pub fn nobody_of(host: &str, role: Role) -> Self {
        Self::new(ZoneId::new(host, role), Peer::nobody())
    }

    /// From now on everything that is asked for on this connection may come from content with an injection warning.
    pub fn was_handed_a_warning(&self) {
        self.peer.mark();
    }

    /// Whether content with an injection warning went out on this connection.
    pub fn is_under_warning(&self) -> bool {
        self.peer.is_marked()
    }
}
