//! What the entries of the record mean, and what follows from them.
//!
//! An [`Event`] is one entry's type and facts; what is not one of them cannot have happened. The [`Ledger`] is everything
//! that Zone 1 remembers: a fold over the events and nothing else, so a restart that folds the same entries knows the
//! same. It can be carried over into a new segment of the log as one value, so that a restart folds a bounded tail.
//!
//! Pure: no I/O, no clock, no randomness.

mod event;
mod item;
mod known;
mod request;
mod state;

pub use event::{Event, NotAnEvent, Origin, Outcome, Verdict, quoted};
pub use item::{Cleaned, Item, ItemState};
pub use known::Known;
pub use request::{Asked, State};
pub use state::Ledger;
