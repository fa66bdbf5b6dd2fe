//! What is found in a record: every kind of gap, and none in what really happens; one request's story.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod events;
mod flows;
mod gaps;
mod story;
