//! One request's whole story: everything that the record says of it, from the wish to the outcome.

use crate::event::Event;
use crate::request::Asked;
use crate::state::Ledger;
use jiff::Timestamp;

/// Everything that the entries say of one request, in the order in which they stand.
///
/// Having one tells you what the record says. Whether the record holds together, and whether anything is missing in it, is
/// for [`crate::Completeness`] and for whoever checks the chain.
#[derive(Debug)]
pub struct Story {
    request: String,
    entries: Vec<Told>,
    /// The fold over just these entries.
    ledger: Ledger,
}

/// One entry of a story.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The entry's number.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub event: Event,
}

// === impl Story ===

impl Story {
    /// The story of this request, of which nothing has been heard yet.
    pub fn of(request: impl Into<String>) -> Self {
        Self { request: request.into(), entries: Vec::new(), ledger: Ledger::default() }
    }

    /// Hears the next entry, and says whether it belongs to the story.
    pub fn hear(&mut self, seq: u64, at: Timestamp, event: &Event) -> bool {
        if !self.belongs(event) {
            return false;
        }
        self.ledger.apply(at, event);
        self.entries.push(Told { seq, at, event: event.clone() });
        true
    }

    /// The request's id.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Its entries, in order.
    pub fn entries(&self) -> &[Told] {
        &self.entries
    }

    /// What follows from them: what was asked, and how far it is. `None` when it was never asked for.
    pub fn asked(&self) -> Option<&Asked> {
        self.ledger.request(&self.request)
    }

    /// When its parameters were erased, if they were.
    pub fn erased(&self) -> Option<&Told> {
        let parameters = self.asked()?.parameters;
        self.entries.iter().rev().find(
            |told| matches!(&told.event, Event::ContentErased { content, .. } if content.contains(&parameters)),
        )
    }

    fn belongs(&self, event: &Event) -> bool {
        if let Event::ContentErased { about, content, who: _ } = event {
            // Equal parameters are kept once: erased with another request, they are gone for this one too.
            let is_gone = self.asked().is_some_and(|asked| content.contains(&asked.parameters));
            return *about == self.request || is_gone;
        }
        event.request() == Some(&self.request)
    }
}

// === impl Event ===

impl Event {
    /// The request that an entry is about, as it names it. An answer that was ignored may name one that never was.
    pub fn request(&self) -> Option<&str> {
        match self {
            Self::CapabilityRequested { request, .. }
            | Self::CapabilityRepeated { request, .. }
            | Self::DecisionMade { request, .. }
            | Self::ApprovalRecorded { request, .. }
            | Self::ApprovalIgnored { request, .. }
            | Self::ApprovalExpired { request }
            | Self::ApprovalCancelled { request }
            | Self::ApprovalSuperseded { request, .. }
            | Self::ApprovalAskedAgain { request, .. }
            | Self::PermitIssued { request, .. }
            | Self::ExecutionIntended { request, .. }
            | Self::ExecutionFinished { request, .. } => Some(request),
            Self::ExecutionRefused { request, .. } => request.as_deref(),
            Self::ExecutorStarted { .. }
            | Self::LogRecovered { .. }
            | Self::RecordFull { .. }
            | Self::SegmentStarted { .. }
            | Self::ClockStepped { .. }
            | Self::SecretsUsed { .. }
            | Self::PolicyApplied { .. }
            | Self::PolicyFileChanged { .. }
            | Self::PolicyFileRestored { .. }
            | Self::PolicyRefused { .. }
            | Self::ItemReceived { .. }
            | Self::ItemRefused { .. }
            | Self::ItemCleaned { .. }
            | Self::ItemQuarantined { .. }
            | Self::ItemReturned { .. }
            | Self::SourceAdvanced { .. }
            | Self::ItemDelivered { .. }
            | Self::ItemSettled { .. }
            | Self::CapabilityRefused { .. }
            | Self::CallRefused { .. }
            | Self::ZoneStarted { .. }
            | Self::ZoneEnded { .. }
            | Self::ZoneGivenUp { .. }
            | Self::ZoneBreached { .. }
            | Self::Frozen { .. }
            | Self::Unfrozen { .. }
            | Self::Killed { .. }
            | Self::Rearmed { .. }
            | Self::ContentErased { .. } => None,
        }
    }
}
