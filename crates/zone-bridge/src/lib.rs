//! Unix sockets between zones: the one listener, the one dialler, and the health endpoints.
//!
//! Which socket a call came in on says who is calling: each zone has its own socket in its own folder, and on it only
//! the services that zone may call. The kernel's word on the peer's user id is checked too, once, when a connection is
//! accepted; alone it would say too little, because behind a virtual machine's border the peer is a relay.

//!
//! A hostile zone costs only itself. What it may have is in [`Limits`]; what it takes of the time that all share is bounded
//! by [`Turns`]; what it may ask is checked at one gate before the handlers, and what is refused there is told, once for as
//! long as it goes on.

mod connection;
mod dial;
mod frames;
mod gate;
mod health;
mod limits;
mod listen;
mod message;
mod rate;
mod refused;
mod serve;
mod turns;

pub use connection::Peer;
pub use dial::{CannotDial, connect, lazy_channel, only_channel};
pub use health::{
    CannotAsk, Counters, Health, Readiness, Report, ask, ask_to_probe, serve_health, serve_health_and_probe,
};
pub use limits::{Limits, MESSAGE_LIMIT};
pub use listen::{CannotListen, Listener, admitted};
pub use refused::{REFUSAL, Refused, Tell};
pub use serve::{serve, serving_health};
pub use turns::Turns;

/// The exit code of a zone that has read as much as one process may, and has nothing under way: whoever raises it puts a
/// fresh one in its place at once.
pub const HAD_ITS_FILL: u8 = 75;
