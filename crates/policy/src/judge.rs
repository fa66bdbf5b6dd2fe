//! The decision.

use crate::index::{Group, Slice};
use crate::world::World;
use crate::{Policy, RateLimit};
use action::Request;
use cedar_policy::AuthorizationError;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a request is worth, and under which terms.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Policy allows it as it is.
    Allow(Terms),
    /// Policy allows it once the owner has agreed to exactly this request.
    Ask(Terms),
    /// Policy does not allow it.
    Deny(Reason),
}

/// The terms under which something is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The rules that decided, by name, sorted. Shared: many rules may say the same.
    pub rules: Arc<[String]>,
    /// The highest risk that one of them names; medium when none does.
    pub risk: Risk,
    /// The strictest limit that one of them sets.
    pub limit: Option<RateLimit>,
}

/// Why something is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No rule permits it.
    #[error("no rule permits it")]
    NoRulePermits,
    /// These rules forbid it.
    #[error("forbidden by {}", .0.join(", "))]
    Forbidden(Arc<[String]>),
    /// The policy could not be evaluated; what fails is refused.
    #[error("the policy could not be evaluated: {0}")]
    CannotEvaluate(String),
}

/// How much is at stake, in the owner's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// What Zone 1 itself knows when it judges. Nothing in it is taken from the agent's word.
///
/// It is recorded with every decision, so that another policy can be asked what it would have decided.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// The content that the agent works on carries an injection warning.
    pub injection_warning: bool,
    /// The owner's signed yes to exactly this request is at hand.
    pub approval: Approval,
    /// The recipients of this request to whom nothing was ever sent with the owner's yes.
    pub unknown_recipients: BTreeSet<String>,
    /// The names of the parameters whose values occur in untrusted content that a zone was handed.
    pub untrusted_parameters: BTreeSet<String>,
    /// How often the zone did this action within the last 60 minutes, this time not counted.
    pub done_last_hour: u64,
    /// The same, within the last 24 hours.
    pub done_last_day: u64,
    /// The moment of the decision.
    pub at: Timestamp,
}

/// Whether the owner agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// The owner has not been asked, or has not answered.
    None,
    /// The owner's receipt for this digest was verified.
    Verified,
}

// === impl Policy ===

impl Policy {
    /// Judges a request.
    pub fn judge(&self, request: &Request, knowledge: &Knowledge) -> Decision {
        let Some(slice) = self.index.about(request.action().name(), request.zone().role()) else {
            return Decision::Deny(Reason::NoRulePermits);
        };
        let world = match World::new(&self.words, slice, request, knowledge) {
            Ok(world) => world,
            Err(error) => return Decision::Deny(Reason::CannotEvaluate(error.to_string())),
        };
        let now = conclude(slice, &world, knowledge.approval);
        match (&now, knowledge.approval) {
            // A rule that forbids may speak of the missing approval, too.
            (Decision::Deny(Reason::NoRulePermits | Reason::Forbidden(_)), Approval::None)
                if slice.speaks_of("approved") =>
            {
                match conclude(slice, &world, Approval::Verified) {
                    Decision::Allow(terms) => Decision::Ask(terms),
                    Decision::Ask(_) | Decision::Deny(_) => now,
                }
            }
            _ => now,
        }
    }
}

/// What the rules say, all parts taken together: one that forbids overrides, one that errs denies.
fn conclude(slice: &Slice, world: &World<'_>, approval: Approval) -> Decision {
    let responses = match world.ask_cedar(approval) {
        Ok(responses) => responses,
        Err(error) => return Decision::Deny(Reason::CannotEvaluate(error.to_string())),
    };
    // Cedar leaves out a rule that errs. Here an error is a refusal: the rule left out may have been a `forbid`.
    let errors: Vec<_> = responses
        .iter()
        .flat_map(|response| response.diagnostics().errors())
        .map(|e| wrong(slice, e))
        .collect();
    if !errors.is_empty() {
        let errors: BTreeSet<_> = errors.into_iter().flatten().collect();
        return Decision::Deny(Reason::CannotEvaluate(errors.into_iter().collect::<Vec<_>>().join("; ")));
    }
    let deciding = |decision| {
        let ids = responses.iter().filter(move |response| response.decision() == decision);
        slice.groups(ids.flat_map(|response| response.diagnostics().reason()))
    };
    let forbidding = deciding(cedar_policy::Decision::Deny);
    if !forbidding.is_empty() {
        return Decision::Deny(Reason::Forbidden(names(&forbidding)));
    }
    let permitting = deciding(cedar_policy::Decision::Allow);
    if permitting.is_empty() {
        return Decision::Deny(Reason::NoRulePermits);
    }
    Decision::Allow(Terms {
        rules: names(&permitting),
        risk: permitting.iter().filter_map(|group| group.risk).max().unwrap_or(Risk::Medium),
        limit: permitting.iter().filter_map(|group| group.limit).reduce(RateLimit::stricter),
    })
}

fn names(groups: &[&Group]) -> Arc<[String]> {
    if let [group] = groups {
        return Arc::clone(&group.names);
    }
    let mut names: Vec<_> = groups.iter().flat_map(|group| group.names.iter().cloned()).collect();
    names.sort_unstable();
    names.into()
}

/// What went wrong in every rule that says the same.
fn wrong(slice: &Slice, error: &AuthorizationError) -> Vec<String> {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    let groups = slice.groups(std::iter::once(error.policy_id()));
    groups
        .iter()
        .flat_map(|group| group.names.iter())
        .map(|name| format!("rule `{name}`: {}", error.inner()))
        .collect()
}

impl std::str::FromStr for Risk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            _ => Err(format!("`{text}` is not a risk; write low, medium or high")),
        }
    }
}

impl Risk {
    /// The risk as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
