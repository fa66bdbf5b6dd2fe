//! Telegram, Slack and Twilio over real sockets, against stand-ins that check every request and keep what was done.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, its helpers too"
)]

mod descriptions;
mod slack;
#[path = "../stand_in/mod.rs"]
mod stand_in;
mod telegram;
mod twilio;
mod weather;

use std::time::Duration;

use connectors::retry::{Budget, Retry};

/// Tests do not wait.
fn impatient() -> Retry {
    let pause = Duration::from_millis(1);
    Retry::within(Budget {
        attempts: 3,
        within: Duration::from_secs(20),
        first_pause: pause,
        longest_pause: pause,
    })
}
