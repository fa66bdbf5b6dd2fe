//! The decision.

use crate::load::name_of;
use crate::{Policy, RateLimit};
use action::{Action, Request};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Response,
    RestrictedExpression,
};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};

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
    /// The rules that decided, by name.
    pub rules: Vec<String>,
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
    Forbidden(Vec<String>),
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
        let evaluate = |approval| self.evaluate(request, &Knowledge { approval, ..knowledge.clone() });
        match (evaluate(knowledge.approval), knowledge.approval) {
            (Decision::Deny(Reason::NoRulePermits), Approval::None) => match evaluate(Approval::Verified) {
                Decision::Allow(terms) => Decision::Ask(terms),
                Decision::Ask(_) | Decision::Deny(_) => Decision::Deny(Reason::NoRulePermits),
            },
            (Decision::Deny(Reason::Forbidden(rules)), Approval::None) => {
                match evaluate(Approval::Verified) {
                    // The rule that forbids it speaks of the missing approval.
                    Decision::Allow(terms) => Decision::Ask(terms),
                    Decision::Ask(_) | Decision::Deny(_) => Decision::Deny(Reason::Forbidden(rules)),
                }
            }
            (decided, _) => decided,
        }
    }

    fn evaluate(&self, request: &Request, knowledge: &Knowledge) -> Decision {
        let Some(rules) = self.by_action.get(&request.action().name()) else {
            return Decision::Deny(Reason::NoRulePermits);
        };
        match ask_cedar(rules, request, knowledge) {
            Ok(response) => conclude(rules, &response),
            Err(error) => Decision::Deny(Reason::CannotEvaluate(error.to_string())),
        }
    }
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

fn conclude(rules: &PolicySet, response: &Response) -> Decision {
    let diagnostics = response.diagnostics();
    // Cedar leaves out a rule that errors. Here an error is a refusal: the rule left out may have been a `forbid`.
    let errors: Vec<_> = diagnostics.errors().map(ToString::to_string).collect();
    if !errors.is_empty() {
        return Decision::Deny(Reason::CannotEvaluate(errors.join("; ")));
    }
    let deciding: Vec<_> = diagnostics.reason().filter_map(|id| rules.policy(id)).collect();
    let mut names: Vec<_> = deciding.iter().map(|rule| name_of(rule)).collect();
    names.sort_unstable();
    match response.decision() {
        cedar_policy::Decision::Allow => Decision::Allow(Terms {
            rules: names,
            risk: annotations(&deciding, "risk").max().unwrap_or(Risk::Medium),
            limit: annotations(&deciding, "rate_limit").reduce(RateLimit::stricter),
        }),
        cedar_policy::Decision::Deny if names.is_empty() => Decision::Deny(Reason::NoRulePermits),
        cedar_policy::Decision::Deny => Decision::Deny(Reason::Forbidden(names)),
    }
}

/// By construction of [`Policy`], every annotation parses.
fn annotations<T: std::str::FromStr>(rules: &[&cedar_policy::Policy], key: &str) -> impl Iterator<Item = T> {
    rules.iter().filter_map(move |rule| rule.annotation(key)?.parse().ok())
}

fn ask_cedar(
    rules: &PolicySet,
    request: &Request,
    knowledge: &Knowledge,
) -> Result<Response, Box<dyn std::error::Error>> {
    let uid = |kind: &str, id: &str| -> Result<EntityUid, Box<dyn std::error::Error>> {
        Ok(EntityUid::from_type_name_and_id(kind.parse::<EntityTypeName>()?, EntityId::new(id)))
    };
    let name = request.action().name();
    let zone = request.zone();
    let (principal, role) = (uid("Zone", &zone.to_string())?, uid("Role", zone.role().as_str())?);
    let host = HashMap::from([("host".to_owned(), RestrictedExpression::new_string(zone.host().to_owned()))]);
    let entities = Entities::from_entities(
        [
            Entity::new(principal.clone(), host, HashSet::from([role.clone()]))?,
            Entity::new_no_attrs(role, HashSet::new()),
        ],
        None,
    )?;
    let query = cedar_policy::Request::new(
        principal,
        uid("Action", name.as_str())?,
        uid("Connector", name.connector())?,
        context(request.action(), knowledge)?,
        None,
    )?;
    Ok(Authorizer::new().is_authorized(&query, rules, &entities))
}

fn context(action: &Action, knowledge: &Knowledge) -> Result<Context, Box<dyn std::error::Error>> {
    let Knowledge {
        injection_warning,
        approval,
        unknown_recipients,
        untrusted_parameters,
        done_last_hour,
        done_last_day,
        at,
    } = knowledge;
    let boolean = RestrictedExpression::new_bool;
    // A count that Cedar cannot hold stays the largest it can.
    let long = |count: u64| RestrictedExpression::new_long(i64::try_from(count).unwrap_or(i64::MAX));
    let mut pairs = vec![
        ("approved", boolean(*approval == Approval::Verified)),
        ("injection_warning", boolean(*injection_warning)),
        ("done_last_hour", long(*done_last_hour)),
        ("done_last_day", long(*done_last_day)),
        ("now", RestrictedExpression::new_datetime(format!("{at:.3}"))),
    ];
    if let Some(domains) = recipient_domains(action) {
        pairs.extend([
            ("recipients", strings(action.recipients())),
            ("recipient_domains", strings(domains)),
            ("unknown_recipients", strings(unknown_recipients.iter().cloned())),
            ("known_recipients", boolean(unknown_recipients.is_empty())),
            ("untrusted_parameters", strings(untrusted_parameters.iter().cloned())),
        ]);
    }
    Ok(Context::from_pairs(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))?)
}

/// The domains that an action reaches; `None` where it reaches nobody.
fn recipient_domains(action: &Action) -> Option<BTreeSet<String>> {
    match action {
        Action::SendEmail(mail) => {
            Some(mail.to.iter().chain(&mail.cc).map(|address| address.domain().to_owned()).collect())
        }
        Action::SendTelegram(_) | Action::SendSlack(_) | Action::MakeCall(_) | Action::SendSms(_) => {
            Some(BTreeSet::new())
        }
        Action::ReadEmail(_) | Action::ReadTelegram(_) | Action::ReadSlack(_) => None,
    }
}

fn strings(values: impl IntoIterator<Item = String>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(RestrictedExpression::new_string))
}
