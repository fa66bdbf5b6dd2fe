//! The harness of the system tests: real programs, real sockets, throw-away homes.
//!
//! A [`TestHome`] is made by `moltctl init`. A test raises the whole system in it ([`TestHome::up`]), or only the executor
//! ([`TestHome::executor`]) and then plays the zones itself: [`planner`], [`Reader`], [`Owner`]. Whatever was started is
//! stopped when its guard is dropped, also when the test fails; a test that fails prints the logs and the record.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its harness too"
)]

mod home;
mod players;
mod programs;
mod running;
mod slow_server;

pub use home::{TestHome, processes};
pub use players::{Owner, RawItem, Reader, approved_permit, delivery, mail_wish, planner, refusal};
pub use programs::{Said, moltctl, program};
pub use running::{Process, System};
pub use slow_server::SlowServer;

use std::time::{Duration, Instant};

/// How long anything may take before a test is given up. No test says how fast something must be.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `look` finds something.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    eventually_async(what, async || look()).await
}

/// Waits until `look`, which may wait itself, finds something.
pub async fn eventually_async<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
