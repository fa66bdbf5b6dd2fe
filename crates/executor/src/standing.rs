//! How each connector is, for whoever asks: it works, or it does not and why.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use zone_bridge::Health;

/// How every connector is; clones share it. It is told as the fact `connectors` of the executor's health, and does not make the
/// executor less ready: what a provider does must not keep everything else from working.
#[derive(Clone, Default)]
pub struct Standings(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    health: Option<Health>,
    all: BTreeMap<String, Standing>,
}

/// How one is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Standing {
    /// Set up, and not used yet.
    Unused,
    /// The last call went well.
    Works,
    /// The last call did not.
    Degraded {
        /// Why, in words for the owner.
        why: String,
    },
}

// === impl Standings ===

impl Standings {
    /// From now on health tells of it too.
    pub fn tell(&self, health: Health) {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.health = Some(health);
        shared.told();
    }

    /// A connector is set up.
    pub fn set_up(&self, connector: &str) {
        self.change(connector, Standing::Unused);
    }

    /// A call went well.
    pub fn works(&self, connector: &str) {
        self.change(connector, Standing::Works);
    }

    /// A call did not.
    pub fn degraded(&self, connector: &str, why: &str) {
        if self.change(connector, Standing::Degraded { why: why.to_owned() }) {
            tracing::warn!("{connector}: {why}");
        }
    }

    /// Whether that is new.
    fn change(&self, connector: &str, standing: Standing) -> bool {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.all.get(connector) == Some(&standing) {
            return false;
        }
        shared.all.insert(connector.to_owned(), standing);
        shared.told();
        true
    }
}

impl std::fmt::Debug for Standings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("Standings").field(&shared.all).finish()
    }
}

// === impl Shared ===

impl Shared {
    fn told(&self) {
        if let (Some(health), Ok(all)) = (&self.health, serde_json::to_value(&self.all)) {
            health.fact("connectors", all);
        }
    }
}
