//! Secrets at rest under age keys, and secrets in memory that cannot be printed.
//!
//! Here so far: the age identity file that everything at rest is encrypted to, and [`Secret`]. Files in the SOPS
//! format, which this identity opens, are not read yet.

mod identity;
pub mod sops;
mod secret;

pub use identity::{CannotCreate, CannotLoad, Identity, create_identity, load_identity};
pub use secret::Secret;
