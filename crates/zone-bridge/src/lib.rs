//! Unix sockets between zones: the one listener, the one dialler, and the health endpoints.
//!
//! Which socket a call came in on says who is calling: each zone has its own socket in its own folder, and on it only
//! the services that zone may call. The kernel's word on the peer's user id is checked too, once, when a connection is
//! accepted; alone it would say too little, because behind a virtual machine's border the peer is a relay.

mod dial;
mod health;
mod listen;

pub use dial::{CannotDial, connect, lazy_channel, only_channel};
pub use health::{
    CannotAsk, Counters, Health, Readiness, Report, ask, ask_to_probe, serve_health, serve_health_and_probe,
};
pub use listen::{CannotListen, Listener, MESSAGE_LIMIT, Peer, admitted, grpc_server, serving_health};
