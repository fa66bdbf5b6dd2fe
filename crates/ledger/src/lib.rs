//! What the entries of the record mean, and what follows from them.
//!
//! An [`Event`] is one entry's type and facts; what is not one of them cannot have happened. The [`Ledger`] is everything
//! that Zone 1 remembers: a fold over the events and nothing else, so a restart that folds the same entries knows the
//! same. It can be carried over into a new segment of the log as one value, so that a restart folds a bounded tail.
//!
//! Two more folds are for whoever looks at the record: a [`Story`] is everything that it says of one request, and
//! [`Completeness`] finds what is missing in it.
//!
//! Pure: no I/O, no clock, no randomness.

mod complete;
mod event;
mod gap;
mod item;
mod known;
mod request;
mod state;
mod story;
mod trail;

pub use complete::{Complete, Completeness, Figures};
pub use event::{Event, NotAnEvent, Origin, Outcome, Verdict, quoted};
pub use gap::{Gap, Missing};
pub use item::{Cleaned, Item, ItemState};
pub use known::Known;
pub use request::{Asked, State};
pub use state::Ledger;
pub use story::{Story, Told};
