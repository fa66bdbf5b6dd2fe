//! What may be missing in a record.

use action::Digest;
use jiff::Timestamp;
use std::fmt;

/// Something that is missing where an entry says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The entry that cannot stand by itself.
    pub seq: u64,
    /// The request that it is about.
    pub request: Option<String>,
    /// What is missing.
    pub missing: Missing,
}

/// What is missing, in words that go on from "entry 7".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The entry cannot be understood.
    #[error("{0}")]
    Meaning(String),
    /// Time went back.
    #[error("is older than the entry before it, which is of {before}")]
    TimeWentBack {
        /// The newest time before it.
        before: Timestamp,
    },

    /// The entry speaks of another policy than the one in force.
    #[error("speaks of policy {named}, and {} was in force", or_none(*in_force))]
    PolicyInForce {
        /// The policy that it names.
        named: Digest,
        /// The policy that was in force.
        in_force: Option<Digest>,
    },
    /// A policy was put on top of one that was not in force.
    #[error("puts a policy on top of {}, and {} was in force", or_none(*named), or_none(*in_force))]
    PolicyBefore {
        /// The policy that it names as the one before.
        named: Option<Digest>,
        /// The policy that was in force.
        in_force: Option<Digest>,
    },
    /// A policy came into force without the owner's word.
    #[error("puts a policy in force without the owner's signature for exactly these two policies")]
    OwnersWordOnPolicy,

    /// A word of the owner was acted on before.
    #[error("acts on a word of the owner on which entry {first} had acted")]
    NewWord {
        /// The entry that acted on it first.
        first: u64,
    },

    /// The request is not there.
    #[error("is about a request that was never recorded")]
    Request,
    /// A request's id was used before.
    #[error("records a request under the name of that of entry {first}")]
    OwnName {
        /// The entry that had the name first.
        first: u64,
    },
    /// A request was judged twice, to different effect, and nothing in between made the first judgement void.
    #[error("judges the request otherwise than entry {first}, and nothing made that void")]
    Reopening {
        /// The decision that stands.
        first: u64,
    },

    /// An answer to a question that was not open.
    #[error("records an answer, and no question was open")]
    Question,
    /// An answer after the question's time.
    #[error("records an answer after the question had ended at {ended_at}")]
    AnswerInTime {
        /// The end of the question's time.
        ended_at: Timestamp,
    },
    /// The owner's signature does not stand behind the entry.
    #[error("records an answer that the owner did not sign for this request, these bytes and this answer")]
    OwnersSignature,

    /// A permit for what may not be done.
    #[error("issues a permit for what was {stage}")]
    LeaveToPermit {
        /// How far the request was.
        stage: &'static str,
    },
    /// A permit's name was used before.
    #[error("issues a permit under the name of that of entry {first}")]
    PermitsOwnName {
        /// The entry that had the name first.
        first: u64,
    },

    /// It was done without a decision.
    #[error("is an execution without a decision")]
    Decision,
    /// It was done without the owner's yes, for which the decision asked.
    #[error("is an execution without the owner's yes, for which the decision asked")]
    Approval,
    /// It was done although it had ended.
    #[error("is an execution of what was {stage}")]
    Leave {
        /// How far the request was.
        stage: &'static str,
    },
    /// It was done without a permit of its own.
    #[error("is an execution under permit {jti}, which was not issued for it")]
    Permit {
        /// The permit that it names.
        jti: String,
    },
    /// It was done under a permit whose time was over.
    #[error("is an execution under a permit that had expired at {expired_at}")]
    PermitInTime {
        /// The end of the permit's life.
        expired_at: Timestamp,
    },
    /// The permit was spent before.
    #[error("spends the permit that entry {first} had spent")]
    UnspentPermit {
        /// The entry that spent it first.
        first: u64,
    },
    /// It was done before.
    #[error("is an execution of what entry {first} had executed")]
    SingleUse {
        /// The first execution.
        first: u64,
    },
    /// What became of it is not there, although somebody looked.
    #[error("is an execution without an outcome, and the executor started anew at entry {started}")]
    Outcome {
        /// The start after it.
        started: u64,
    },
    /// An outcome of nothing.
    #[error("is an outcome without an execution")]
    Intent,
    /// A second outcome.
    #[error("is another outcome than that of entry {first}")]
    SingleOutcome {
        /// The first outcome.
        first: u64,
    },
}

fn or_none(policy: Option<Digest>) -> String {
    policy.map_or_else(|| "none".to_owned(), |policy| format!("policy {policy}"))
}

// === impl Gap ===

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, request, missing } = self;
        write!(f, "entry {seq}")?;
        if let Some(request) = request {
            // An entry may name anything.
            write!(f, " ({})", crate::quoted(request))?;
        }
        write!(f, " {missing}")
    }
}
