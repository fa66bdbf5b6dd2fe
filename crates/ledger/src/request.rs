//! A request and how far it is.

use crate::event::{Origin, Outcome};
use action::Digest;
use jiff::Timestamp;
use policy::Risk;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A request and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Who asked.
    pub zone: String,
    /// For which action.
    pub action: String,
    /// The zone's own name for it.
    pub key: String,
    /// The digest of the request.
    pub digest: Digest,
    /// Where its parameters are in the content store.
    pub parameters: Digest,
    /// The item it is about.
    pub item: Option<String>,
    /// Tags of whom it reaches; equal tags are equal recipients.
    pub recipients: Vec<Digest>,
    /// Which parameters were met in content from outside.
    pub origins: Vec<Origin>,
    /// When it was asked.
    pub at: Timestamp,
    /// The risk that policy sees.
    pub risk: Risk,
    /// Whether it was judged under an injection warning, at any time.
    pub injection_warning: bool,
    /// When the owner's time to answer ends, or ended.
    pub expires_at: Option<Timestamp>,
    /// The owner's signed yes.
    pub receipt: Option<String>,
    /// How far it is.
    pub state: State,
    /// The owner's signed answers, each of which counts once.
    pub(crate) answers: BTreeSet<Digest>,
    pub(crate) asked_as: u64,
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Recorded; policy has not judged it yet.
    Asked,
    /// Policy allows it without a question.
    Allowed,
    /// Policy does not allow it.
    Refused(String),
    /// The owner has been asked.
    Pending {
        /// The end of the owner's time.
        expires_at: Timestamp,
    },
    /// The owner said yes.
    Approved {
        /// When it was recorded.
        at: Timestamp,
    },
    /// The owner said no.
    Denied,
    /// The owner did not answer in time.
    Expired,
    /// The zone took it back.
    Cancelled,
    /// Another policy made the question void; asked again, it is judged anew.
    Superseded(String),
    /// Its permit was spent; the outcome is not known yet.
    Performing {
        /// When.
        since: Timestamp,
    },
    /// It was done, or not, or nobody knows.
    Finished {
        /// When its permit was spent.
        since: Timestamp,
        /// What became of it.
        outcome: Outcome,
    },
}

// === impl Asked ===

impl Asked {
    /// Whether it may still be done, without its permit having been spent.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Allowed | State::Pending { .. } | State::Approved { .. })
    }

    /// Whether this signed answer was taken before.
    pub fn knows_answer(&self, receipt: &str) -> bool {
        self.answers.contains(&Digest::of(receipt.as_bytes()))
    }

    /// When its permit was spent, if it was.
    pub(crate) const fn spent_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Performing { since } | State::Finished { since, outcome: _ } => Some(*since),
            State::Asked
            | State::Allowed
            | State::Refused(_)
            | State::Pending { .. }
            | State::Approved { .. }
            | State::Denied
            | State::Expired
            | State::Cancelled
            | State::Superseded(_) => None,
        }
    }

    /// Whether somebody waits for what becomes of it.
    pub(crate) const fn is_waited_for(&self) -> bool {
        matches!(self.state, State::Pending { .. } | State::Approved { .. } | State::Performing { .. })
    }

    /// The state in a word, for the owner.
    pub const fn state_word(&self) -> &'static str {
        match &self.state {
            State::Asked | State::Refused(_) => "refused",
            State::Allowed => "allowed",
            State::Pending { .. } => "pending",
            State::Approved { .. } => "approved",
            State::Denied => "denied",
            State::Expired => "expired",
            State::Cancelled => "cancelled",
            State::Superseded(_) => "superseded",
            State::Performing { .. } => "performing",
            State::Finished { outcome: Outcome::Performed { .. }, .. } => "performed",
            State::Finished { outcome: Outcome::Failed { .. }, .. } => "failed",
            State::Finished { outcome: Outcome::Unknown { .. }, .. } => "unknown",
        }
    }
}
