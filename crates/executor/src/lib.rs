//! Zone 1: judges what a zone asks for, asks the owner where policy says so, performs what was permitted, and records
//! every step before anybody outside hears of it.
//!
//! Two functions are the heart: [`zone1::Zone1::request`] in `judge.rs`, from a wish to a permit, and
//! [`zone1::Zone1::execute`] in `perform.rs`, from a permit to an effect.
//!
//! What cannot happen here: bytes from outside are never parsed (they go to a reader), an effect without a durable intent,
//! a permit spent twice, an answer before its entry is on the disk.

mod apply_policy;
pub mod approvals;
mod brake;
pub mod caller;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod erase;
pub mod feed;
pub mod intake;
pub mod judge;
pub mod knowledge;
pub mod outbound;
pub mod perform;
pub mod policy_in_force;
mod provenance;
pub mod reached;
mod readiness;
pub mod reading;
pub mod record;
pub mod refusal;
pub mod run;
pub mod secrets_used;
pub mod serve;
pub mod services;
pub mod spool;
pub mod standing;
pub mod trial;
pub mod upkeep;
pub mod webhooks;
pub mod zone1;
