//! What is odd in a policy that is valid: rules that cannot matter. Found by reading alone; what needs a proof is in
//! `policy-proof`.

use crate::{Policy, Problem, Rule};
use action::{ActionName, Role};
use cedar_policy::{ActionConstraint, PrincipalConstraint, ResourceConstraint};
use std::collections::BTreeMap;

// === impl Policy ===

impl Policy {
    /// Everything odd that can be seen without a proof, in the order of lines.
    pub fn findings(&self) -> Vec<Problem> {
        let mut found: Vec<_> = self.warnings().to_vec();
        for rule in self.rules() {
            found.extend(nowhere(rule).map(|why| rule.problem(&format!("can never hold: {why}"))));
        }
        found.extend(said_before(self.rules()));
        found.sort_by_key(|problem| problem.line);
        found
    }
}

// === impl Rule ===

impl Rule {
    /// Something about this rule, with its line.
    pub fn problem(&self, what: &str) -> Problem {
        Problem { line: Some(self.line()), what: format!("rule `{}` {what}", self.name()) }
    }
}

/// Why a rule's scope holds for nothing that can be asked.
fn nowhere(rule: &Rule) -> Option<String> {
    let by = |role| ActionName::ALL.into_iter().any(|action| rule.concerns(action, role));
    if Role::ALL.into_iter().any(by) {
        return None;
    }
    let roles = Role::ALL.map(Role::as_str).join(", ");
    let somewhere = |action| rule.about(action) && rule.done_at(action);
    if ActionName::ALL.into_iter().any(somewhere) {
        return Some(match rule.cedar().principal_constraint() {
            PrincipalConstraint::In(uid)
            | PrincipalConstraint::IsIn(_, uid)
            | PrincipalConstraint::Eq(uid) => {
                format!(
                    "no zone is in `{uid}`; a zone is written Zone::\"host/role\" and has one of the roles {roles}"
                )
            }
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => {
                format!("its scope fits no zone; roles are {roles}")
            }
        });
    }
    let actions = ActionName::ALL.into_iter().filter(|action| rule.about(*action));
    let connectors: Vec<_> = actions.map(|action| format!("{action} at `{}`", action.connector())).collect();
    Some(match (rule.cedar().action_constraint(), rule.cedar().resource_constraint()) {
        (
            ActionConstraint::Any | ActionConstraint::Eq(_) | ActionConstraint::In(_),
            ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid),
        ) => format!("none of its actions is done at `{uid}`; {}", connectors.join(", ")),
        (_, ResourceConstraint::Any | ResourceConstraint::Is(_)) => "it is about no action".to_owned(),
    })
}

/// Rules whose scope and conditions another one has, too.
fn said_before(rules: &[Rule]) -> Vec<Problem> {
    let mut first: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
    let mut found = Vec::new();
    for rule in rules {
        let earlier =
            first.entry(format!("{:?} {}", rule.cedar().action_constraint(), rule.holds_for())).or_default();
        let place = |other: &Rule| format!("rule `{}` on line {}", other.name(), other.line());
        if let Some(other) = earlier.iter().find(|other| other.forbids() != rule.forbids()) {
            let permit = if rule.forbids() { *other } else { rule };
            let what = format!(
                "contradicts {}: they hold for the same requests, and a rule that forbids overrides; rule `{}` never \
                 permits anything",
                place(other),
                permit.name()
            );
            found.push(rule.problem(&what));
        } else if let Some(other) =
            earlier.iter().find(|other| (other.limit(), other.risk()) == (rule.limit(), rule.risk()))
        {
            found.push(rule.problem(&format!("says what {} says, under the same terms", place(other))));
        }
        earlier.push(rule);
    }
    found
}
