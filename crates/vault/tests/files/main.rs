//! Files of secrets, from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod common;
mod given_out;
mod hostile;
mod sops;
