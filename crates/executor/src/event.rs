//! Everything that Zone 1 records. What is not here cannot have happened.

use action::Digest;
use capability::Answer;
use jiff::Timestamp;
use policy::Risk;
use serde::{Deserialize, Serialize};

/// One entry's `event_type` and `details`.
#[expect(
    missing_docs,
    reason = "each variant says what happened; its fields are the facts, named as they stand in the log"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event_type", content = "details", rename_all = "snake_case")]
pub enum Event {
    /// This process began to serve.
    ExecutorStarted { version: String, host: String, policy: Digest },
    /// An unfinished last line was cut off the log and kept.
    LogRecovered { bytes: u64, kept_in: String },

    /// An item was taken in and is kept in the spool.
    ItemReceived { item: String, source: String, size: u64, sha256: Digest },
    /// A file in a source was not taken in.
    ItemRefused { source: String, name: String, why: String },
    /// A reader returned clean content.
    ItemCleaned { item: String, clean: Digest, injection_warning: bool, findings: Vec<String> },
    /// No clean content could be had; the raw item is kept in quarantine.
    ItemQuarantined { item: String, why: String },
    /// Clean content was handed to a zone.
    ItemDelivered { item: String, zone: String },
    /// The planner is done with an item.
    ItemSettled { item: String, summary: String },

    /// A zone asked for an action.
    CapabilityRequested {
        request: String,
        zone: String,
        action: String,
        digest: Digest,
        parameters: Digest,
        key: String,
        item: Option<String>,
    },
    /// A zone asked again for what it had asked for: the same request.
    CapabilityRepeated { request: String, state: String },
    /// A wish that did not become a request.
    CapabilityRefused { zone: String, action: String, code: String, why: String },
    /// A call was refused that neither wishes nor orders anything: a wait, or the end of an item.
    CallRefused { zone: String, call: String, about: String, code: String, why: String },
    /// Policy judged a request.
    DecisionMade { request: String, policy: Digest, decision: Verdict },
    /// The owner answered.
    ApprovalRecorded {
        request: String,
        digest: Digest,
        answer: Answer,
        who: String,
        how: String,
        when: Timestamp,
    },
    /// An answer that changed nothing: late, double, foreign or not genuine.
    ApprovalIgnored { request: String, why: String },
    /// Nobody answered in time, or nobody acted on the answer in time.
    ApprovalExpired { request: String },
    /// A permit was minted.
    PermitIssued { request: String, jti: String, expires_at: Timestamp },
    /// A permit was not honoured.
    ExecutionRefused { request: Option<String>, zone: String, action: String, code: String, why: String },
    /// A permit was spent; the action is about to be done.
    ExecutionIntended { request: String, jti: String },
    /// The action was done, or not.
    ExecutionFinished { request: String, outcome: Outcome },
}

/// What policy decided.
#[expect(missing_docs, reason = "the fields are the facts, named as they stand in the log")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Verdict {
    /// Allowed as it is.
    Allow { rules: Vec<String>, risk: Risk },
    /// The owner is asked.
    Ask { rules: Vec<String>, risk: Risk, expires_at: Timestamp },
    /// Not allowed.
    Deny { why: String },
}

/// What became of an action.
#[expect(missing_docs, reason = "the fields are the facts, named as they stand in the log")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Performed { receipt: String },
    /// It was not done.
    Failed { why: String },
    /// It may have been done: the answer was lost. Never repeated.
    Unknown { why: String },
}

/// A text that somebody else wrote, fit to stand in the record: bounded, and nothing in it misleads a reader.
pub(crate) fn quoted(untrusted_text: &str) -> String {
    let cut: String = untrusted_text.chars().take(200).collect();
    action::reveal(&cut)
}
