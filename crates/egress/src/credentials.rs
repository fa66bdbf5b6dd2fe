//! Where the last layer finds a secret at the moment of use.

use crate::{Key, NotSent};
use std::sync::Arc;
use vault::Secret;

/// Whoever keeps the secrets. Asked anew for every call, so that a secret that was changed is used at once.
pub trait Credentials: Send + Sync {
    /// The secret of that name.
    ///
    /// # Errors
    /// [`NotSent::NoCredential`] with what to do.
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent>;
}
