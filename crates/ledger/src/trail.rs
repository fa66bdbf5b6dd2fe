//! How far one request had come at an entry, and what the entry lacks to take it further.

use crate::event::Verdict;
use crate::gap::Missing;
use action::Digest;
use capability::{Answer, ApprovalVerifier};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// An entry is written a little after the moment at which it was found to be in time; a write takes two seconds at most,
/// or is given up.
const WRITING: SignedDuration = SignedDuration::from_secs(2);

/// How far one request had come.
#[derive(Debug)]
pub(crate) struct Trail {
    seq: u64,
    digest: Digest,
    stage: Stage,
    /// The decision that stands.
    judged: Option<(u64, Effect)>,
    /// The permits that were issued for it, and until when they live.
    permits: BTreeMap<String, Timestamp>,
    intent: Option<u64>,
    /// The last start of an executor after the intent.
    started: Option<u64>,
    outcome: Option<u64>,
}

/// How far a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    ToBeJudged,
    Allowed,
    Refused,
    Pending {
        expires_at: Timestamp,
    },
    Approved,
    /// The record says yes, and the owner did not sign it.
    Unsigned,
    Denied,
    Expired,
    Cancelled,
    Executed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allow,
    Ask,
    Deny,
}

// === impl Trail ===

impl Trail {
    pub(crate) const fn new(seq: u64, digest: Digest) -> Self {
        Self {
            seq,
            digest,
            stage: Stage::ToBeJudged,
            judged: None,
            permits: BTreeMap::new(),
            intent: None,
            started: None,
            outcome: None,
        }
    }

    /// The entry that recorded the request.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// The intent that has no outcome, and the start of an executor after it.
    pub(crate) const fn open_intent(&self) -> Option<(u64, Option<u64>)> {
        match (self.intent, self.outcome) {
            (Some(intent), None) => Some((intent, self.started)),
            (None, _) | (Some(_), Some(_)) => None,
        }
    }

    pub(crate) const fn executor_started(&mut self, seq: u64) {
        if self.intent.is_some() {
            self.started = Some(seq);
        }
    }

    /// Only what is to be judged moves: a second judgement that nobody called for changes nothing here, so that whatever
    /// is done on its strength shows as well.
    pub(crate) fn judged(&mut self, seq: u64, verdict: &Verdict) -> Vec<Missing> {
        let (effect, stage) = match verdict {
            Verdict::Allow { .. } => (Effect::Allow, Stage::Allowed),
            Verdict::Ask { expires_at, .. } => (Effect::Ask, Stage::Pending { expires_at: *expires_at }),
            Verdict::Deny { .. } => (Effect::Deny, Stage::Refused),
        };
        match self.judged {
            Some((first, before)) if self.stage != Stage::ToBeJudged => {
                if effect == before {
                    Vec::new()
                } else {
                    vec![Missing::Reopening { first }]
                }
            }
            Some(_) | None => {
                (self.judged, self.stage) = (Some((seq, effect)), stage);
                Vec::new()
            }
        }
    }

    pub(crate) fn answered(
        &mut self,
        owner: &ApprovalVerifier,
        request: &str,
        at: Timestamp,
        (digest, answer, receipt): (Digest, Answer, String),
    ) -> Vec<Missing> {
        let signed = owner.verify(receipt).is_ok_and(|approval| {
            let said = approval.statement();
            said.request == request
                && said.digest == self.digest
                && digest == self.digest
                && said.answer == answer
        });
        let mut missing = Vec::new();
        if !signed {
            missing.push(Missing::OwnersSignature);
        }
        let Stage::Pending { expires_at } = self.stage else {
            missing.push(Missing::Question);
            return missing;
        };
        if is_over(expires_at, at) {
            missing.push(Missing::AnswerInTime { ended_at: expires_at });
        }
        self.stage = match answer {
            Answer::Approved if signed => Stage::Approved,
            Answer::Approved => Stage::Unsigned,
            Answer::Denied => Stage::Denied,
        };
        missing
    }

    pub(crate) fn expired(&mut self) -> Vec<Missing> {
        if matches!(self.stage, Stage::Pending { .. } | Stage::Approved | Stage::Unsigned) {
            self.stage = Stage::Expired;
        }
        Vec::new()
    }

    pub(crate) fn cancelled(&mut self) -> Vec<Missing> {
        if matches!(self.stage, Stage::Allowed | Stage::Pending { .. } | Stage::Approved | Stage::Unsigned) {
            self.stage = Stage::Cancelled;
        }
        Vec::new()
    }

    pub(crate) fn superseded(&mut self) -> Vec<Missing> {
        if matches!(self.stage, Stage::Pending { .. }) {
            self.stage = Stage::ToBeJudged;
        }
        Vec::new()
    }

    pub(crate) fn asked_again(&mut self) -> Vec<Missing> {
        if self.stage == Stage::Expired {
            self.stage = Stage::ToBeJudged;
        }
        Vec::new()
    }

    pub(crate) fn permitted(&mut self, jti: &str, expires_at: Timestamp) -> Vec<Missing> {
        self.permits.insert(jti.to_owned(), expires_at);
        self.stage.standstill().map(|stage| Missing::LeaveToPermit { stage }).into_iter().collect()
    }

    pub(crate) fn intended(&mut self, seq: u64, at: Timestamp, jti: &str) -> Vec<Missing> {
        if let Some(first) = self.intent {
            return vec![Missing::SingleUse { first }];
        }
        let mut missing = match self.stage {
            Stage::Allowed | Stage::Approved => Vec::new(),
            Stage::ToBeJudged if self.judged.is_none() => vec![Missing::Decision],
            Stage::Pending { .. } | Stage::Unsigned => vec![Missing::Approval],
            Stage::ToBeJudged
            | Stage::Refused
            | Stage::Denied
            | Stage::Expired
            | Stage::Cancelled
            | Stage::Executed => {
                self.stage.standstill().map(|stage| Missing::Leave { stage }).into_iter().collect()
            }
        };
        match self.permits.get(jti) {
            None => missing.push(Missing::Permit { jti: crate::quoted(jti) }),
            Some(expires_at) if is_over(*expires_at, at) => {
                missing.push(Missing::PermitInTime { expired_at: *expires_at });
            }
            Some(_) => {}
        }
        (self.intent, self.stage) = (Some(seq), Stage::Executed);
        missing
    }

    pub(crate) fn finished(&mut self, seq: u64) -> Vec<Missing> {
        if self.intent.is_none() {
            return vec![Missing::Intent];
        }
        match self.outcome.replace(seq) {
            Some(first) => {
                self.outcome = Some(first);
                vec![Missing::SingleOutcome { first }]
            }
            None => Vec::new(),
        }
    }
}

fn is_over(end: Timestamp, at: Timestamp) -> bool {
    at.duration_since(end) >= WRITING
}

// === impl Stage ===

impl Stage {
    /// What it is, when it may go no further.
    const fn standstill(self) -> Option<&'static str> {
        match self {
            Self::Allowed | Self::Approved => None,
            Self::ToBeJudged => Some("not judged"),
            Self::Refused => Some("refused by policy"),
            Self::Pending { .. } => Some("not answered"),
            Self::Unsigned => Some("not approved with the owner's signature"),
            Self::Denied => Some("denied by the owner"),
            Self::Expired => Some("expired"),
            Self::Cancelled => Some("cancelled"),
            Self::Executed => Some("executed"),
        }
    }
}
