//! The relay across a virtual machine's border: many streams over one byte pipe.
//!
//! A zone in a machine of its own has no network, only a pipe: a serial device, or the standard input and output of a
//! command. On the guest's side the relay listens where the zone expects its bridge; on the host's side it dials the
//! socket of that zone, once for each stream. Which socket it dials says who the zone is, so one relay serves one zone.
//!
//! It never looks into what it carries. What it does look into is the multiplexer's framing, which the other side
//! writes: the guest's relay is as untrusted as its zone. What a hostile side can cost is bounded here: streams
//! ([`STREAMS`]), bytes under way in each (256 KiB each way), and bytes that wait for the pipe (96 KiB).
//!
//! A stream that ends early on one side ends early on the other: its Unix socket is closed. A Unix socket has no
//! reset, so whoever reads sees an end; what is carried must know by itself whether it was complete, as HTTP/2 does.
//! Neither does the relay judge whether the other side is still alive while the pipe is: keep-alive is the business of
//! what is carried, and only that covers the whole way.

mod carry;
mod gate;
mod pipe;
mod preamble;
mod session;

pub use preamble::{CannotAgree, FILLER};
pub use session::{Ended, STREAMS, guest, host};
