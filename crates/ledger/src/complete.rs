//! Whether the record tells whole stories: every execution with its request, decision, approval, permit and outcome.
//!
//! A chain that holds says that nothing was changed; it does not say that nothing is missing. [`Completeness`] is a fold
//! over all entries that believes none of them by itself: the owner's answers are verified again under the owner's key, and
//! what an entry claims must follow from the entries before it.

use crate::event::{Event, NotAnEvent};
use crate::gap::{Gap, Missing};
use crate::trail::Trail;
use action::Digest;
use capability::ApprovalVerifier;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A fold over all entries of a log, from the first on.
#[derive(Debug)]
pub struct Completeness {
    owner: ApprovalVerifier,
    in_force: Option<Digest>,
    latest: Timestamp,
    trails: BTreeMap<String, Trail>,
    /// Which entry issued a permit.
    issued: HashMap<String, u64>,
    /// Which entry spent a permit.
    spent: HashMap<String, u64>,
    /// Which entry acted on a word of the owner.
    words: HashMap<Digest, u64>,
    figures: Figures,
    gaps: Vec<Gap>,
}

/// What the entries of a whole log have and lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complete {
    /// How much there was to look at.
    pub figures: Figures,
    /// Everything that is missing, in the order of the entries; empty when the log is complete.
    pub gaps: Vec<Gap>,
}

/// How much there was to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    /// Requests that were recorded.
    pub requests: u64,
    /// Permits that were spent.
    pub executions: u64,
    /// The owner's answers, yes or no.
    pub approvals: u64,
    /// Executions at the end of the log whose outcome is not there yet.
    pub under_way: u64,
}

// === impl Completeness ===

impl Completeness {
    /// Nothing heard yet; answers must verify under this key.
    pub fn new(owner: ApprovalVerifier) -> Self {
        Self {
            owner,
            in_force: None,
            latest: Timestamp::MIN,
            trails: BTreeMap::new(),
            issued: HashMap::new(),
            spent: HashMap::new(),
            words: HashMap::new(),
            figures: Figures::default(),
            gaps: Vec::new(),
        }
    }

    /// Hears the next entry. Entries must come in order, from the first on.
    pub fn hear(&mut self, seq: u64, at: Timestamp, event: Result<&Event, &NotAnEvent>) {
        if at < self.latest {
            self.gap(seq, None, Missing::TimeWentBack { before: self.latest });
        }
        self.latest = self.latest.max(at);
        match event {
            Ok(event) => {
                let request = event.request().map(ToOwned::to_owned);
                for missing in self.consider(seq, at, event) {
                    self.gap(seq, request.clone(), missing);
                }
            }
            Err(foreign) => self.gap(seq, None, Missing::Meaning(foreign.to_string())),
        }
    }

    /// The verdict, when the last entry was heard.
    pub fn finish(mut self) -> Complete {
        let open: Vec<_> =
            self.trails.iter().filter_map(|(id, trail)| Some((id.clone(), trail.open_intent()?))).collect();
        for (id, (intended, started)) in open {
            match started {
                Some(started) => self.gap(intended, Some(id), Missing::Outcome { started }),
                None => self.figures.under_way += 1,
            }
        }
        self.gaps.sort_by_key(|gap| gap.seq);
        Complete { figures: self.figures, gaps: self.gaps }
    }

    fn gap(&mut self, seq: u64, request: Option<String>, missing: Missing) {
        self.gaps.push(Gap { seq, request, missing });
    }

    /// What an entry lacks.
    fn consider(&mut self, seq: u64, at: Timestamp, event: &Event) -> Vec<Missing> {
        match event {
            Event::PolicyApplied { from, to, receipt } => {
                let mut missing = self.policy_applied(*from, *to, receipt.as_deref());
                missing.extend(receipt.iter().filter_map(|receipt| self.must_be_new(seq, receipt)));
                missing
            }
            Event::ExecutorStarted { policy, .. } => {
                self.trails.values_mut().for_each(|trail| trail.executor_started(seq));
                self.must_be_in_force(*policy)
            }
            Event::CapabilityRequested { request, digest, .. } => {
                self.figures.requests += 1;
                match self.trails.get(request) {
                    Some(first) => vec![Missing::OwnName { first: first.seq() }],
                    None => {
                        self.trails.insert(request.clone(), Trail::new(seq, *digest));
                        Vec::new()
                    }
                }
            }
            Event::DecisionMade { request, policy, knowledge: _, decision } => {
                let mut missing = self.must_be_in_force(*policy);
                missing.extend(self.of_request(request, |trail| trail.judged(seq, decision)));
                missing
            }
            Event::ApprovalRecorded { request, digest, answer, receipt, who: _, how: _, when: _ } => {
                self.figures.approvals += 1;
                let (owner, used) = (self.owner.clone(), self.must_be_new(seq, receipt));
                let mut missing = self.of_request(request, |trail| {
                    trail.answered(&owner, request, at, (*digest, *answer, receipt.clone()))
                });
                missing.extend(used);
                missing
            }
            Event::ApprovalExpired { request } => self.of_request(request, Trail::expired),
            Event::ApprovalCancelled { request } => self.of_request(request, Trail::cancelled),
            Event::ApprovalSuperseded { request, why: _ } => self.of_request(request, Trail::superseded),
            Event::ApprovalAskedAgain { request, who: _ } => self.of_request(request, Trail::asked_again),
            Event::PermitIssued { request, jti, expires_at } => {
                let twice =
                    self.issued.insert(jti.clone(), seq).map(|first| Missing::PermitsOwnName { first });
                let mut missing = self.of_request(request, |trail| trail.permitted(jti, *expires_at));
                missing.extend(twice);
                missing
            }
            Event::ExecutionIntended { request, jti } => {
                self.figures.executions += 1;
                let spent = self.spent.get(jti).copied();
                self.spent.entry(jti.clone()).or_insert(seq);
                let mut missing = self.of_request(request, |trail| trail.intended(seq, at, jti));
                missing.extend(spent.map(|first| Missing::UnspentPermit { first }));
                missing
            }
            Event::ExecutionFinished { request, outcome: _ } => {
                self.of_request(request, |trail| trail.finished(seq))
            }
            Event::CapabilityRepeated { request, state: _ } => self.of_request(request, |_| Vec::new()),
            // It may name anything: that is why it was ignored, or refused.
            Event::ApprovalIgnored { .. } | Event::ExecutionRefused { .. } => Vec::new(),
            Event::LogRecovered { .. }
            | Event::RecordFull { .. }
            | Event::SegmentStarted { .. }
            | Event::ClockStepped { .. }
            | Event::SecretsUsed { .. }
            | Event::PolicyFileChanged { .. }
            | Event::PolicyFileRestored { .. }
            | Event::PolicyRefused { .. }
            | Event::ItemReceived { .. }
            | Event::ItemRefused { .. }
            | Event::ItemCleaned { .. }
            | Event::ItemQuarantined { .. }
            | Event::ItemReturned { .. }
            | Event::SourceAdvanced { .. }
            | Event::ItemDelivered { .. }
            | Event::ItemSettled { .. }
            | Event::CapabilityRefused { .. }
            | Event::CallRefused { .. }
            | Event::ZoneStarted { .. }
            | Event::ZoneEnded { .. }
            | Event::ZoneGivenUp { .. }
            | Event::ZoneBreached { .. }
            | Event::Frozen { .. }
            | Event::Unfrozen { .. }
            | Event::Killed { .. }
            | Event::Rearmed { .. }
            | Event::ContentErased { .. } => Vec::new(),
        }
    }

    fn of_request(&mut self, request: &str, step: impl FnOnce(&mut Trail) -> Vec<Missing>) -> Vec<Missing> {
        match self.trails.get_mut(request) {
            Some(trail) => step(trail),
            None => vec![Missing::Request],
        }
    }

    fn must_be_in_force(&self, policy: Digest) -> Vec<Missing> {
        if self.in_force == Some(policy) {
            return Vec::new();
        }
        vec![Missing::PolicyInForce { named: policy, in_force: self.in_force }]
    }

    /// A word of the owner counts once.
    fn must_be_new(&mut self, seq: u64, receipt: &str) -> Option<Missing> {
        let first = *self.words.entry(Digest::of(receipt.as_bytes())).or_insert(seq);
        (first != seq).then_some(Missing::NewWord { first })
    }

    /// The first policy of a home is the one that was found; every other one the owner signed.
    fn policy_applied(&mut self, from: Option<Digest>, to: Digest, receipt: Option<&str>) -> Vec<Missing> {
        let before = self.in_force.replace(to);
        let mut missing = Vec::new();
        if from != before {
            missing.push(Missing::PolicyBefore { named: from, in_force: before });
        }
        if before.is_some() || from.is_some() || receipt.is_some() {
            let change = receipt.and_then(|receipt| self.owner.verify_policy(receipt.to_owned()).ok());
            let said = change.as_ref().map(|change| (Some(change.statement().from), change.statement().to));
            if said != Some((from, to)) {
                missing.push(Missing::OwnersWordOnPolicy);
            }
        }
        missing
    }
}

// === impl Complete ===

impl Complete {
    /// What is missing in the story of one request.
    pub fn gaps_of(&self, request: &str) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(move |gap| gap.request.as_deref() == Some(request))
    }
}

impl fmt::Display for Complete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.gaps.is_empty() {
            return write!(f, "Completeness: {} GAPS", self.gaps.len());
        }
        let Figures { requests, executions, approvals, under_way } = self.figures;
        write!(
            f,
            "Completeness: VALID ({requests} requests, {executions} executions, {approvals} approvals"
        )?;
        if under_way > 0 {
            write!(f, ", {under_way} under way")?;
        }
        f.write_str(")")
    }
}
