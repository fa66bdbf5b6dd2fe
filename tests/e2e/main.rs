//! What the system does: real programs, real sockets, real mail.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod callers;
mod crash;
mod crowd;
mod freeze;
mod fresh_reader;
mod health;
mod init;
mod kill;
mod main_job;
mod older_secrets;
mod policy;
mod policy_file;
mod record;
mod sanitize;
mod services;
mod smtp;
mod sources;
mod text_messages;
mod up_and_down;
mod webhooks;
mod zones;
