//! Raises and stops zones on a backend. Here: the local one, where every zone is a process of this machine.
//!
//! The supervisor is the parent of every process of an installation. It restarts what ends, later and later, and when it
//! goes, for whatever reason, they go with it.

mod cell;
mod kill;
mod local;
mod lock;
mod programs;

pub use cell::{Cell, Cells, Leftovers, Limits};
pub use kill::{Killing, WouldKill, kill, what_is_left, would_kill};
pub use local::{CannotSupervise, Supervisor};
pub use lock::{CannotLock, CannotStop, Lock, stop, supervisor};
pub use programs::{MissingPrograms, Programs};
