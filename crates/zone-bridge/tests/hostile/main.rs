//! Hostile peers on one socket, with a good one on another: nothing panics, nothing hangs, the good one is served.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot set up its case fails"
)]

mod calls;
mod floods;
mod house;
mod idle;
mod raw;
