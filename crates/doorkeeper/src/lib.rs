//! Zone 3, where services call us: it parses the HTTP of strangers, hands on what was sent to the few paths that there are,
//! and answers what Zone 1 says. It knows no secret and decides nothing.
//!
//! It listens on an address of this machine itself, bound before it gave up its powers; what makes that public, a tunnel or a
//! proxy, stands in front. `cargo tree -p doorkeeper` is its attack surface.

mod answer;
mod bridge;
mod door;
mod limits;
mod serve;

pub use bridge::{Bridge, Lost};
pub use door::{Door, NotADoor};
pub use limits::Limits;
pub use serve::serve;
