//! One rule of a policy file: what it says, where it stands, and the terms it sets.

use crate::{RateLimit, Risk};
use cedar_policy::pst::Clause;
use cedar_policy::{ActionConstraint, Effect, EntityUid, PrincipalConstraint, ResourceConstraint};

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

    /// What it says, without its name and terms: rules for which this is equal hold for the same requests.
    pub(crate) fn says(&self) -> String {
        let (principal, resource) = (self.cedar.principal_constraint(), self.cedar.resource_constraint());
        let clauses: Vec<_> = self.clauses.iter().map(ToString::to_string).collect();
        format!("{:?} {principal:?} {resource:?} {clauses:?}", self.cedar.effect())
    }

    /// Whether its scope can hold for this action, done where the catalogue says, by a zone of this role. A yes says
    /// nothing yet, a no is sure.
    pub(crate) fn concerns(&self, action: action::ActionName, role: action::Role) -> bool {
        let is = |uid: &EntityUid, kind: &str| uid.type_name().basename() == kind;
        let id = |uid: &EntityUid| uid.id().unescaped().to_owned();
        let of_role = |uid: &EntityUid| match id(uid) {
            role_name if is(uid, "Role") => role_name == role.as_str(),
            zone if is(uid, "Zone") => zone.parse::<action::ZoneId>().is_ok_and(|zone| zone.role() == role),
            _ => true,
        };
        let by = match self.cedar.principal_constraint() {
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
            PrincipalConstraint::In(uid)
            | PrincipalConstraint::Eq(uid)
            | PrincipalConstraint::IsIn(_, uid) => of_role(&uid),
        };
        let what = match self.cedar.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => id(&uid) == action.as_str(),
            ActionConstraint::In(uids) => uids.iter().any(|uid| id(uid) == action.as_str()),
        };
        let there = match self.cedar.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => true,
            ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => {
                !is(&uid, "Connector") || id(&uid) == action.connector()
            }
        };
        by && what && there
    }
}

/// A rule's name: its `@id`, else the number Cedar gave it.
pub(crate) fn name_of(rule: &cedar_policy::Policy) -> String {
    rule.annotation("id").map_or_else(|| rule.id().to_string(), ToOwned::to_owned)
}
