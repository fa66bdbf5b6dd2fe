//! One rule of a policy file: what it says, where it stands, and the terms it sets.

use crate::condition::facts_named;
use crate::{RateLimit, Risk};
use action::{ActionName, Role, ZoneId};
use cedar_policy::pst::Clause;
use cedar_policy::{ActionConstraint, Effect, EntityUid, PrincipalConstraint, ResourceConstraint};
use std::collections::BTreeSet;

/// A rule that was checked.
#[derive(Clone, Debug)]
pub struct Rule {
    name: String,
    line: usize,
    limit: Option<RateLimit>,
    risk: Option<Risk>,
    cedar: cedar_policy::Policy,
    clauses: Vec<Clause>,
}

// === impl Rule ===

impl Rule {
    /// By construction of [`crate::Policy`], every annotation parses.
    pub(crate) fn new(cedar: cedar_policy::Policy, line: usize) -> Result<Self, String> {
        let clauses = cedar.to_pst().map_err(|error| error.to_string())?.body().clauses().clone();
        Ok(Self {
            name: name_of(&cedar),
            line,
            limit: cedar.annotation("rate_limit").and_then(|text| text.parse().ok()),
            risk: cedar.annotation("risk").and_then(|text| text.parse().ok()),
            cedar,
            clauses,
        })
    }

    /// Its `@id`, else the number Cedar gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 1-based line on which it begins.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Whether it forbids; else it permits.
    pub fn forbids(&self) -> bool {
        self.cedar.effect() == Effect::Forbid
    }

    /// The limit it sets.
    pub const fn limit(&self) -> Option<RateLimit> {
        self.limit
    }

    /// The risk it names.
    pub const fn risk(&self) -> Option<Risk> {
        self.risk
    }

    /// The rule as it stands in the file.
    pub fn source(&self) -> String {
        self.cedar.to_string()
    }

    /// The rule as Cedar knows it.
    pub const fn cedar(&self) -> &cedar_policy::Policy {
        &self.cedar
    }

    /// Its conditions, in the order in which they are evaluated.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The facts of the context that it speaks of, by name; `None` where it speaks of the context as a whole.
    pub fn facts(&self) -> Option<BTreeSet<String>> {
        facts_named(&self.clauses)
    }

    /// What it says, without its actions, name and terms: rules about one action for which this is equal are one.
    pub(crate) fn says(&self) -> String {
        format!("{:?} {}", self.cedar.effect(), self.holds_for())
    }

    /// For which requests it holds, among those about its actions.
    pub(crate) fn holds_for(&self) -> String {
        let (principal, resource) = (self.cedar.principal_constraint(), self.cedar.resource_constraint());
        let clauses: Vec<_> = self.clauses.iter().map(ToString::to_string).collect();
        format!("{principal:?} {resource:?} {clauses:?}")
    }

    /// Whether its scope can hold for this action, done where the catalogue says, by a zone of this role. A yes says
    /// nothing yet, a no is sure.
    pub fn concerns(&self, action: ActionName, role: Role) -> bool {
        self.asked_by(role) && self.about(action) && self.done_at(action)
    }

    fn asked_by(&self, role: Role) -> bool {
        match self.cedar.principal_constraint() {
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
            PrincipalConstraint::In(uid)
            | PrincipalConstraint::Eq(uid)
            | PrincipalConstraint::IsIn(_, uid) => match (kind(&uid), uid.id().unescaped()) {
                ("Role", name) => name == role.as_str(),
                ("Zone", name) => name.parse::<ZoneId>().is_ok_and(|zone| zone.role() == role),
                _ => true,
            },
        }
    }

    /// By whom it wants to be asked, in Cedar's words.
    pub(crate) fn principal(&self) -> String {
        match self.cedar.principal_constraint() {
            PrincipalConstraint::Any => "principal".to_owned(),
            PrincipalConstraint::Is(kind) => format!("principal is {kind}"),
            PrincipalConstraint::In(uid) => format!("principal in {uid}"),
            PrincipalConstraint::Eq(uid) => format!("principal == {uid}"),
            PrincipalConstraint::IsIn(kind, uid) => format!("principal is {kind} in {uid}"),
        }
    }

    pub(crate) fn about(&self, action: ActionName) -> bool {
        let is_it = |uid: &EntityUid| uid.id().unescaped() == action.as_str();
        match self.cedar.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => is_it(&uid),
            ActionConstraint::In(uids) => uids.iter().any(is_it),
        }
    }

    pub(crate) fn done_at(&self, action: ActionName) -> bool {
        match self.cedar.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => true,
            ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => {
                kind(&uid) != "Connector" || uid.id().unescaped() == action.connector()
            }
        }
    }
}

fn kind(uid: &EntityUid) -> &str {
    uid.type_name().basename()
}

/// A rule's name: its `@id`, else the number Cedar gave it.
pub(crate) fn name_of(rule: &cedar_policy::Policy) -> String {
    rule.annotation("id").map_or_else(|| rule.id().to_string(), ToOwned::to_owned)
}
