//! Secrets at rest under age keys, and secrets in memory that cannot be printed.
//!
//! [`Vault`] gives out the secrets of a folder to the process that uses them: each a [`Secret`]. The files are in the format of SOPS
//! ([`sops`]), encrypted to an age [`Identity`], and each carries a signature of its owner ([`SecretsKey`]), without which it is not used.

mod folder;
mod identity;
mod secret;
mod signature;
pub mod sops;
mod vault;

pub use folder::{Changing, Found, SecretsFile, SecretsFolder, Unusable, replace};
pub use identity::{CannotCreate, CannotLoad, Identity, create_identity, load_identity};
pub use secret::Secret;
pub use signature::{BadSecretsKey, SecretsKey, SecretsVerifier, Signed};
pub use vault::{NoSecret, Vault, Why};

/// Keeps this process's memory out of core files and from other processes of its user. What it starts is not covered.
///
/// # Errors
/// What the system did not grant, in words.
pub fn protect_process() -> Result<(), String> {
    sandbox::keep_memory_private()
}
