//! Where connectors' credentials come from: the vault, asked anew for every call.

use crate::services::Holder;
use connectors::oauth::{self, Keeper};
use egress::{Credentials, Key, NotSent};
use home::Home;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vault::{Secret, Vault};

/// The vault of a home, as the way out asks it.
pub struct FromVault {
    home: Home,
    /// Opened when it is first asked, and again for as long as that fails: the owner may make it while we run.
    vault: Mutex<Option<Arc<Vault>>>,
    /// Versions of its files that were used before this process began.
    used_before: Mutex<BTreeMap<String, u64>>,
    /// Another refresh token than the vault's, which its provider gave meanwhile. The executor cannot write the vault: it cannot
    /// sign for it.
    refreshed: Mutex<Option<Refreshed>>,
}

/// It stands in for the one that the vault had then, and for no later one.
struct Refreshed {
    instead_of: Arc<Secret>,
    token: Arc<Secret>,
}

// === impl FromVault ===

impl FromVault {
    /// The vault of this home. Nothing is read yet: a file that is missing or not trusted is told of where it is needed.
    pub fn of(home: &Home) -> Self {
        Self {
            home: home.clone(),
            vault: Mutex::default(),
            used_before: Mutex::default(),
            refreshed: Mutex::default(),
        }
    }

    /// No version of a file that is older than these is used. To be said before any secret is asked for.
    pub fn remember(&self, used_before: BTreeMap<String, u64>) {
        *held(&self.used_before) = used_before;
    }

    /// The newest version of each file that was used.
    pub fn used(&self) -> BTreeMap<String, u64> {
        held(&self.vault).as_ref().map(|vault| vault.used()).unwrap_or_default()
    }

    /// For all connectors.
    pub fn holder(self: &Arc<Self>) -> Holder {
        Holder { credentials: Arc::clone(self) as _, keeper: Arc::clone(self) as _ }
    }

    fn vault(&self) -> Result<Arc<Vault>, String> {
        let mut opened = held(&self.vault);
        if let Some(vault) = &*opened {
            return Ok(Arc::clone(vault));
        }
        let identity = vault::load_identity(&self.home.age_key_file()).map_err(|error| error.to_string())?;
        let verifier = self.home.secrets_public_key_file();
        let verifier = Home::read(&verifier)
            .map_err(|problem| problem.to_string())?
            .parse()
            .map_err(|bad| format!("`{}`: {bad}", verifier.display()))?;
        let vault =
            Vault::open(&self.home.secrets(), identity, verifier).map_err(|error| error.to_string())?;
        held(&self.used_before).iter().for_each(|(file, version)| vault.remember(file, *version));
        Ok(Arc::clone(opened.insert(Arc::new(vault))))
    }

    fn in_vault(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        let no = |why: String| NotSent::NoCredential { key, why };
        let vault = self.vault().map_err(no)?;
        vault.secret(key.file, key.name).map_err(|none| no(none.why.to_string()))
    }
}

impl fmt::Debug for FromVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FromVault({})", self.home.secrets().display())
    }
}

impl Credentials for FromVault {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        let secret = self.in_vault(key)?;
        match &*held(&self.refreshed) {
            Some(refreshed) if key == oauth::REFRESH_TOKEN && refreshed.instead_of == secret => {
                Ok(Arc::clone(&refreshed.token))
            }
            _ => Ok(secret),
        }
    }
}

impl Keeper for FromVault {
    fn keep(&self, refresh_token: &Secret) -> Result<(), String> {
        tracing::warn!(
            "Google gave another refresh token, which is kept until this process ends; before that: moltctl connect gmail"
        );
        let instead_of = self.in_vault(oauth::REFRESH_TOKEN).map_err(|none| none.to_string())?;
        let token = Arc::new(Secret::new(refresh_token.name(), refresh_token.expose().to_vec()));
        *held(&self.refreshed) = Some(Refreshed { instead_of, token });
        Ok(())
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
