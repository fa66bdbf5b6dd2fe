//! Where connectors' credentials come from: the vault, asked anew for every call.

use crate::services::Holder;
use connectors::oauth::{self, Keeper};
use egress::{Credentials, Key, NotSent};
use home::Home;
use std::sync::{Arc, Mutex, PoisonError};
use vault::Secret;

/// The vault of a home, as the way out asks it.
pub struct FromVault {
    /// Another refresh token than the vault's, which its provider gave meanwhile. The executor cannot write the vault: it cannot
    /// sign for it.
    refreshed: Mutex<Option<Arc<Secret>>>,
}

// === impl FromVault ===

impl FromVault {
    /// The vault of this home. Nothing is read yet: a file that is missing or not trusted is told of where it is needed.
    pub fn of(_home: &Home) -> Self {
        Self { refreshed: Mutex::new(None) }
    }

    /// For all connectors.
    pub fn into_holder(self) -> Holder {
        let vault = Arc::new(self);
        Holder { credentials: Arc::clone(&vault) as _, keeper: vault }
    }
}

impl Credentials for FromVault {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        if key == oauth::REFRESH_TOKEN
            && let Some(refreshed) = &*self.refreshed.lock().unwrap_or_else(PoisonError::into_inner)
        {
            return Ok(Arc::clone(refreshed));
        }
        Err(NotSent::NoCredential { key, why: "there is no vault".to_owned() })
    }
}

impl Keeper for FromVault {
    fn keep(&self, refresh_token: &Secret) -> Result<(), String> {
        tracing::warn!(
            "Google gave another refresh token, which lasts until this process ends; then: moltctl connect gmail"
        );
        let copy = Secret::new(refresh_token.name(), refresh_token.expose().to_vec());
        *self.refreshed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(copy));
        Ok(())
    }
}
