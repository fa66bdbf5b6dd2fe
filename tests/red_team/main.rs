//! What the system withstands: one module per attack, each over the real sockets, against the executor that everybody runs.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

// a planner that is not what it should be
mod changed_parameters;
mod concurrent_use;
mod execute_before_approval;
mod expired_permit;
mod forged_permit;
mod hidden_characters;
mod hidden_origin;
mod oversized_message;
mod permit_of_an_earlier_start;
mod replayed_permit;
mod reused_key;
mod too_often;
mod unknown_action;
mod unknown_request;
mod withdrawn_wish;

// a reader that is not what it should be
mod dying_reader;
mod lying_reader;

// a zone whose walls do not hold
mod breached_zone;

// somebody at the wrong door
mod wrong_door;

// an answer that the owner did not give
mod forged_approval;

// somebody who can write where only the owner and Zone 1 should
mod rewritten_record;
mod tampered_policy;

// the world
mod hostile_inbox;

// the owner changed their mind
mod changed_policy;
mod latch;
