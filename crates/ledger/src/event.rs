//! Everything that Zone 1 records. What is not here cannot have happened.

use crate::known::Known;
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
    /// The disk is full: nothing but the end of what was begun is recorded, and nothing new is done.
    RecordFull { what: String },
    /// A new segment of the log begins; what followed from all entries before it stands beside the record.
    SegmentStarted { carried: Digest },
    /// The machine's clock was set while this process ran. Zone 1 goes on by its own time.
    ClockStepped { by_seconds: i64 },
    /// A version of a file of secrets, without its ending, came into use: from now on none before it is used.
    SecretsUsed { file: String, version: u64 },

    /// A policy came into force. Without a receipt: the first of this home, as it was found.
    PolicyApplied { from: Option<Digest>, to: Digest, receipt: Option<String> },
    /// The policy file is not the one that was applied: everything is denied.
    PolicyFileChanged { applied: Digest, found: Option<Digest> },
    /// The policy file is again the one that was applied.
    PolicyFileRestored { applied: Digest },
    /// A change of policy that was not made.
    PolicyRefused { why: String },

    /// An item was taken in and is kept in the spool.
    ItemReceived { item: String, source: String, size: u64, sha256: Digest },
    /// A file in a source was not taken in.
    ItemRefused { source: String, name: String, why: String },
    /// A reader returned clean content.
    ItemCleaned { item: String, clean: Digest, injection_warning: bool, findings: Vec<String> },
    /// No clean content could be had; the raw item is kept in quarantine.
    ItemQuarantined { item: String, why: String },
    /// A crash kept the entry of an item's clean content and not the content: a reader reads it again.
    ItemReturned { item: String, why: String },
    /// Everything of a source up to here is in the spool. It names nobody: only the source's provider can read it.
    SourceAdvanced { source: String, cursor: String },
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
        recipients: Vec<Digest>,
        origins: Vec<Origin>,
    },
    /// A zone asked again for what it had asked for: the same request.
    CapabilityRepeated { request: String, state: String },
    /// A wish that did not become a request.
    CapabilityRefused { zone: String, action: String, code: String, why: String },
    /// A call was refused that neither wishes nor orders anything: a wait, or the end of an item.
    CallRefused { zone: String, call: String, about: String, code: String, why: String },
    /// Policy judged a request.
    DecisionMade { request: String, policy: Digest, knowledge: Known, decision: Verdict },
    /// The owner answered.
    ApprovalRecorded {
        request: String,
        digest: Digest,
        answer: Answer,
        who: String,
        how: String,
        when: Timestamp,
        receipt: String,
    },
    /// An answer that changed nothing: late, double, foreign or not genuine.
    ApprovalIgnored { request: String, why: String },
    /// Nobody answered in time, or nobody acted on the answer in time.
    ApprovalExpired { request: String },
    /// The zone took its wish back.
    ApprovalCancelled { request: String },
    /// Another policy came into force that does not ask about it: the question is void.
    ApprovalSuperseded { request: String, why: String },
    /// The owner wants to be asked again about what was not answered in time.
    ApprovalAskedAgain { request: String, who: String },
    /// A permit was minted.
    PermitIssued { request: String, jti: String, expires_at: Timestamp },
    /// A permit was not honoured.
    ExecutionRefused { request: Option<String>, zone: String, action: String, code: String, why: String },
    /// A permit was spent; the action is about to be done.
    ExecutionIntended { request: String, jti: String },
    /// The action was done, or not.
    ExecutionFinished { request: String, outcome: Outcome },

    /// The supervisor raised a zone.
    ZoneStarted { zone: String },
    /// A zone ended by itself, or was stopped.
    ZoneEnded { zone: String, how: String },
    /// A zone ended too often and stays down until the owner starts it.
    ZoneGivenUp { zone: String, why: String },
    /// A probe got through a wall of a zone; the zone was stopped.
    ZoneBreached { zone: String, attacks: Vec<String> },

    /// Nothing new is done from now on; everything stays up to be looked at.
    Frozen { who: String, why: String },
    /// What was frozen goes on.
    Unfrozen { who: String, why: String },
    /// Everything was killed. Times are microseconds after the trigger.
    Killed { who: String, why: String, zones_gone_us: u64, executor_gone_us: u64 },
    /// The owner let a killed home run again.
    Rearmed { who: String, why: String },

    /// Content beside the record was erased; the entries that name it stand.
    ContentErased { about: String, content: Vec<Digest>, who: String },
}

/// Where a parameter's value was met in content from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The parameter.
    pub parameter: String,
    /// The item that was delivered with it in.
    pub item: String,
}

/// An entry that means nothing to this version.
#[derive(Debug, thiserror::Error)]
#[error("`{event_type}` is not understood by this version: {why}")]
pub struct NotAnEvent {
    /// The entry's type.
    pub event_type: String,
    /// Why.
    pub why: serde_json::Error,
}

// === impl Event ===

impl Event {
    /// Reads an entry's type and facts (JSON).
    pub fn parse(event_type: &str, details: &str) -> Result<Self, NotAnEvent> {
        let not = |why| NotAnEvent { event_type: event_type.to_owned(), why };
        let name = serde_json::to_string(event_type).map_err(not)?;
        serde_json::from_str(&format!(r#"{{"event_type":{name},"details":{details}}}"#)).map_err(not)
    }

    /// The entry's type and facts, to be written.
    pub fn split(&self) -> serde_json::Result<(String, serde_json::Value)> {
        let mut fields = serde_json::to_value(self)?;
        let part =
            |fields: &mut serde_json::Value, name: &str| fields.get_mut(name).map(serde_json::Value::take);
        let (event_type, details) = (part(&mut fields, "event_type"), part(&mut fields, "details"));
        Ok((serde_json::from_value(event_type.unwrap_or_default())?, details.unwrap_or_default()))
    }
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
pub fn quoted(untrusted_text: &str) -> String {
    let cut: String = untrusted_text.chars().take(200).collect();
    action::reveal(&cut)
}
