//! An item on its way through the readers and the planner.

use action::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An item on its way through the readers and the planner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The source it came in by.
    pub source: String,
    /// Bytes of the raw item.
    pub size: u64,
    /// How far it is.
    pub state: ItemState,
    pub(crate) received_as: u64,
    pub(crate) at: Timestamp,
}

/// How far an item is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemState {
    /// Raw, in the spool.
    Received,
    /// Clean; the planner has not settled it.
    Cleaned(Cleaned),
    /// The planner is done with it.
    Settled(Cleaned),
    /// It could not be read.
    Quarantined,
}

/// Where an item's clean content is, and whether it carries a warning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cleaned {
    /// Its digest in the content store.
    pub content: Digest,
    /// Whether it carries an injection warning.
    pub injection_warning: bool,
    /// Whether some zone has been handed it.
    pub delivered: bool,
}

// === impl Item ===

impl Item {
    /// Its clean content, once there is some.
    pub const fn cleaned(&self) -> Option<&Cleaned> {
        match &self.state {
            ItemState::Cleaned(cleaned) | ItemState::Settled(cleaned) => Some(cleaned),
            ItemState::Received | ItemState::Quarantined => None,
        }
    }

    /// Whether it waits for a reader or for the planner.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, ItemState::Received | ItemState::Cleaned(_))
    }
}
