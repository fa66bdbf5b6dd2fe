//! Every way to be refused, each with its own code.

use action::InvalidRequest;
use audit_log::{ContentProblem, Unwritable};
use capability::InvalidPermit;
use jiff::Timestamp;
use tonic::Code;

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The latch is set.
    #[error("everything is {level}: the latch `{path}` is set")]
    Latched {
        /// The latch file.
        path: String,
        /// How far it goes.
        level: home::Level,
    },
    /// The action is not in the catalogue.
    #[error("{0}")]
    ActionNotAllowed(action::UnknownAction),
    /// The parameters do not have the action's shape.
    #[error("{0}")]
    InvalidParameters(String),
    /// No connector is set up that could do it.
    #[error("nothing is set up to do `{action}`: there is no {connector} connector")]
    NoConnector {
        /// The action.
        action: String,
        /// The connector it needs.
        connector: &'static str,
    },
    /// The key is empty or too long.
    #[error("a request key is 1 to 200 characters")]
    InvalidKey,
    /// The key was used for another request.
    #[error("the key was used for another request, {request}")]
    KeyReused {
        /// That request.
        request: String,
    },
    /// The item is not one that was handed out.
    #[error("there is no such item")]
    UnknownItem,
    /// Policy does not allow it.
    #[error("policy: {0}")]
    PolicyDenies(String),
    /// The policy file is not the policy in force.
    #[error(
        "the policy file `{file}` is not the policy that was applied: everything is denied until the owner puts it in \
         force with `moltctl policy apply`, or the old one back with `moltctl policy restore`"
    )]
    PolicyChanged {
        /// Which file.
        file: String,
    },
    /// A change of policy was not made.
    #[error("the policy was not changed: {0}")]
    PolicyNotApplied(String),
    /// It was done often enough.
    #[error("the limit {limit} is reached; the next one is free at {next_free}")]
    RateLimited {
        /// The limit.
        limit: String,
        /// When there is room again.
        next_free: Timestamp,
    },
    /// There is no such request, or it is another zone's.
    #[error("there is no such request")]
    UnknownRequest,
    /// The owner has not answered yet.
    #[error("the owner has not agreed")]
    NotApproved,
    /// The owner said no.
    #[error("the owner said no")]
    ApprovalDenied,
    /// The owner did not answer in time, or the answer is too old to act on.
    #[error("the owner did not answer in time")]
    ApprovalExpired,
    /// The zone took it back.
    #[error("the request was taken back by the zone that made it")]
    ApprovalCancelled,
    /// Another policy came into force.
    #[error("the question is void: {0}; ask again")]
    ApprovalSuperseded(String),
    /// The answer is not one that the control plane signed.
    #[error("{0}")]
    ApprovalInvalid(capability::InvalidApproval),
    /// The answer is for other bytes than those asked about.
    #[error("the answer is for another digest than that of the request")]
    ApprovalForOtherBytes,
    /// The answer was given to an earlier question.
    #[error("this answer was given when it was asked before; a new question needs a new answer")]
    ApprovalUsed,
    /// The request does not wait for an answer.
    #[error("the request is {state}; it waits for no answer")]
    NotPending {
        /// Its state.
        state: &'static str,
    },
    /// The request did not expire.
    #[error("the request is {state}; only what expired can be asked again")]
    NotExpired {
        /// Its state.
        state: &'static str,
    },
    /// Something open still needs the content.
    #[error("content {content} is still needed by something that is open")]
    StillNeeded {
        /// Its digest.
        content: String,
    },
    /// The permit is not honoured.
    #[error("{0}")]
    Permit(InvalidPermit),
    /// The permit was spent.
    #[error("this permit was spent; a permit is for one use")]
    PermitSpent,
    /// The request was done before.
    #[error("this request was performed")]
    AlreadyPerformed,
    /// The world said no.
    #[error("it was not done: {0}")]
    Failed(String),
    /// Nobody knows whether it was done.
    #[error("it may have been done, the answer was lost: {0}")]
    OutcomeUnknown(String),
    /// The record cannot be written or read.
    #[error("the record is not available: {0}")]
    AuditUnavailable(String),
}

// === impl Refusal ===

impl Refusal {
    /// The code that programs read.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Latched { .. } => "latched",
            Self::ActionNotAllowed(_) => "action_not_allowed",
            Self::InvalidParameters(_) => "invalid_parameters",
            Self::NoConnector { .. } => "no_connector",
            Self::InvalidKey => "invalid_key",
            Self::KeyReused { .. } => "key_reused",
            Self::UnknownItem => "unknown_item",
            Self::PolicyDenies(_) => "policy_denies",
            Self::PolicyChanged { .. } => "policy_changed",
            Self::PolicyNotApplied(_) => "policy_not_applied",
            Self::RateLimited { .. } => "rate_limited",
            Self::UnknownRequest => "unknown_request",
            Self::NotApproved => "not_approved",
            Self::ApprovalDenied => "approval_denied",
            Self::ApprovalExpired => "approval_expired",
            Self::ApprovalCancelled => "approval_cancelled",
            Self::ApprovalSuperseded(_) => "approval_superseded",
            Self::ApprovalInvalid(_) => "approval_invalid",
            Self::ApprovalForOtherBytes => "approval_for_other_bytes",
            Self::ApprovalUsed => "approval_used",
            Self::NotPending { .. } => "not_pending",
            Self::NotExpired { .. } => "not_expired",
            Self::StillNeeded { .. } => "still_needed",
            Self::Permit(InvalidPermit::NotGenuine) => "permit_invalid",
            Self::Permit(InvalidPermit::Foreign) => "permit_foreign",
            Self::Permit(InvalidPermit::Expired { .. }) => "permit_expired",
            Self::Permit(InvalidPermit::ParametersChanged) => "parameters_changed",
            Self::PermitSpent => "permit_spent",
            Self::AlreadyPerformed => "already_performed",
            Self::Failed(_) => "failed",
            Self::OutcomeUnknown(_) => "outcome_unknown",
            Self::AuditUnavailable(_) => "audit_unavailable",
        }
    }

    /// Whose fault it is, as one gRPC code: the caller's, ours, or the world's.
    const fn grpc_code(&self) -> Code {
        match self {
            Self::InvalidParameters(_) | Self::InvalidKey => Code::InvalidArgument,
            Self::ActionNotAllowed(_)
            | Self::PolicyDenies(_)
            | Self::PolicyChanged { .. }
            | Self::Permit(_)
            | Self::ApprovalInvalid(_)
            | Self::ApprovalForOtherBytes => Code::PermissionDenied,
            Self::UnknownItem | Self::UnknownRequest => Code::NotFound,
            Self::KeyReused { .. } | Self::AlreadyPerformed => Code::AlreadyExists,
            Self::RateLimited { .. } => Code::ResourceExhausted,
            Self::NoConnector { .. }
            | Self::NotApproved
            | Self::ApprovalDenied
            | Self::ApprovalCancelled
            | Self::ApprovalSuperseded(_)
            | Self::PolicyNotApplied(_)
            | Self::ApprovalUsed
            | Self::NotPending { .. }
            | Self::NotExpired { .. }
            | Self::StillNeeded { .. }
            | Self::PermitSpent => Code::FailedPrecondition,
            Self::ApprovalExpired => Code::DeadlineExceeded,
            Self::Failed(_) => Code::Aborted,
            Self::OutcomeUnknown(_) => Code::Unknown,
            Self::Latched { .. } | Self::AuditUnavailable(_) => Code::Unavailable,
        }
    }
}

impl From<InvalidRequest> for Refusal {
    fn from(invalid: InvalidRequest) -> Self {
        match invalid {
            InvalidRequest::UnknownAction(unknown) => Self::ActionNotAllowed(unknown),
            invalid @ InvalidRequest::Parameters { .. } => Self::InvalidParameters(invalid.to_string()),
        }
    }
}

impl From<InvalidPermit> for Refusal {
    fn from(invalid: InvalidPermit) -> Self {
        Self::Permit(invalid)
    }
}

impl From<Unwritable> for Refusal {
    fn from(unwritable: Unwritable) -> Self {
        Self::AuditUnavailable(unwritable.to_string())
    }
}

impl From<ContentProblem> for Refusal {
    fn from(problem: ContentProblem) -> Self {
        Self::AuditUnavailable(problem.to_string())
    }
}

impl From<Refusal> for tonic::Status {
    fn from(refusal: Refusal) -> Self {
        // It travels in a header, and may quote the caller.
        let words: String = refusal.to_string().chars().take(1000).collect();
        let mut status = Self::new(refusal.grpc_code(), words);
        let metadata = status.metadata_mut();
        metadata.insert("moltbot-refusal", tonic::metadata::MetadataValue::from_static(refusal.code()));
        if let Refusal::RateLimited { next_free, .. } = refusal {
            metadata.insert("moltbot-retry-at", (next_free.as_second() + 1).into());
        }
        status
    }
}
