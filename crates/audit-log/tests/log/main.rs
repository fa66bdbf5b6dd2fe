//! The log as a whole: what it holds together, what it survives, what it notices.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot set up its case fails"
)]

mod chain;
mod crash;
mod full;
mod schedule;
mod segments;
mod sim;
mod sim_state;
mod support;
mod tampered;
