//! Raises and stops zones on a backend. Here: the local one, where every zone is a process of this machine.
//!
//! The supervisor is the parent of every process of an installation. It restarts what ends, later and later, leaves down
//! what ends too often, tries every attack inside every zone, and when it goes, for whatever reason, they go with it.

mod cell;
mod decoys;
mod keeper;
mod kill;
mod launch;
mod local;
mod lock;
mod operator;
mod orders;
mod pauses;
mod probing;
mod programs;
mod standing;
mod tell;

pub use cell::{Cell, Cells, Leftovers, Limits};
pub use decoys::Decoys;
pub use kill::{Killing, WouldKill, kill, what_is_left, would_kill};
pub use local::{CannotSupervise, Supervisor};
pub use lock::{CannotLock, CannotStop, Lock, stop, supervisor};
pub use operator::attempt_to_wire;
pub use probing::{Probed, probe, probed_zones};
pub use programs::{MissingPrograms, Programs};
