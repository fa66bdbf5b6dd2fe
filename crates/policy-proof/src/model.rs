//! Questions about rules, in the terms of Cedar's symbolic compiler.

use crate::NoAnswer;
use crate::world::world;
use action::{ActionName, Role};
use cedar_policy::pst::{self, Clause, EntityOrSlot, Expr, Literal};
use cedar_policy::{EntityUid, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{
    CompiledPolicy, CompiledPolicySet, WellFormedAsserts, always_denies_asserts, disjoint_asserts,
    implies_asserts, never_errors_asserts, never_matches_asserts,
};
use policy::{Rule, SCHEMA};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The schema, and the zones and roles that the rules in question name.
#[derive(Debug)]
pub(crate) struct Model {
    schema: Schema,
    named: BTreeSet<String>,
}

/// A question that is ready to be asked.
#[derive(Debug)]
pub(crate) enum Question {
    /// Whether no request is allowed by both.
    Disjoint(CompiledPolicySet, CompiledPolicySet),
    /// Whether every request that the first allows is allowed by the second.
    Implies(CompiledPolicySet, CompiledPolicySet),
    /// Whether no request is allowed.
    AlwaysDenies(CompiledPolicySet),
    /// Whether the rule holds for no request.
    NeverHolds(CompiledPolicy),
    /// Whether the rule errs for no request.
    NeverErrs(CompiledPolicy),
}

// === impl Question ===

impl Question {
    /// What a solver must find impossible.
    pub(crate) fn asserts(&self) -> WellFormedAsserts<'_> {
        match self {
            Self::Disjoint(one, other) => disjoint_asserts(one, other),
            Self::Implies(one, other) => implies_asserts(one, other),
            Self::AlwaysDenies(set) => always_denies_asserts(set),
            Self::NeverHolds(rule) => never_matches_asserts(rule),
            Self::NeverErrs(rule) => never_errors_asserts(rule),
        }
    }
}

// === impl Model ===

impl Model {
    /// A model in which these rules can be asked about.
    pub(crate) fn of<'r>(rules: impl Iterator<Item = &'r Rule>) -> Result<Self, NoAnswer> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| cannot(&error))?;
        let mut named = BTreeSet::new();
        for rule in rules {
            named.extend(entities(rule)?.into_iter().map(|uid| uid.to_string()));
        }
        Ok(Self { schema, named })
    }

    /// The assumptions about an action, and these words with them.
    pub(crate) fn world(&self, action: ActionName, and: Option<&str>) -> String {
        let world = world(action, &self.named);
        and.map_or_else(|| world.clone(), |and| format!("{world} && {and}"))
    }

    /// A rule that permits what this one holds for, in that world. The world is looked at first: outside it nothing errs.
    pub(crate) fn within(&self, rule: &Rule, world: &str) -> Result<cedar_policy::Policy, NoAnswer> {
        let rule = rule.cedar().to_pst().map_err(|error| cannot(&error))?;
        let mut body = rule.body().clone();
        body.effect = pst::Effect::Permit;
        let clauses = std::iter::once(condition(world)?).chain(body.clauses().clone()).collect::<Vec<_>>();
        let body = body.try_with_clauses(clauses).map_err(|error| cannot(&error))?;
        let rule = pst::StaticPolicy::try_from(body).map_err(|error| cannot(&error))?;
        cedar_policy::Policy::from_pst(pst::Policy::Static(rule)).map_err(|error| cannot(&error))
    }

    /// A set of rules, to be asked about for this action.
    pub(crate) fn set(
        &self,
        action: ActionName,
        rules: impl IntoIterator<Item = cedar_policy::Policy>,
    ) -> Result<CompiledPolicySet, NoAnswer> {
        let set = PolicySet::from_policies(rules).map_err(|error| cannot(&error))?;
        CompiledPolicySet::compile(&set, &environment(action)?, &self.schema).map_err(|error| cannot(&error))
    }

    /// One rule, to be asked about for this action.
    pub(crate) fn rule(
        &self,
        action: ActionName,
        rule: &cedar_policy::Policy,
    ) -> Result<CompiledPolicy, NoAnswer> {
        CompiledPolicy::compile(rule, &environment(action)?, &self.schema).map_err(|error| cannot(&error))
    }
}

/// The actions that a rule can be about.
pub(crate) fn actions_of(rule: &Rule) -> impl Iterator<Item = ActionName> {
    ActionName::ALL
        .into_iter()
        .filter(|action| Role::ALL.into_iter().any(|role| rule.concerns(*action, role)))
}

/// Those of the rules that can be about an action.
pub(crate) fn about(rules: &[Rule], action: ActionName) -> impl Iterator<Item = &Rule> {
    rules.iter().filter(move |rule| Role::ALL.into_iter().any(|role| rule.concerns(action, role)))
}

/// Words as a clause.
pub(crate) fn condition(words: &str) -> Result<Clause, NoAnswer> {
    let rule = format!("permit (principal, action, resource) when {{ {words} }};");
    let rule = cedar_policy::Policy::parse(None, rule).map_err(|error| cannot(&error))?;
    let rule = rule.to_pst().map_err(|error| cannot(&error))?;
    rule.body().clauses().first().cloned().ok_or_else(|| cannot(&"a condition without a clause"))
}

pub(crate) fn cannot(error: &dyn std::fmt::Display) -> NoAnswer {
    NoAnswer::CannotAsk(error.to_string())
}

fn environment(action: ActionName) -> Result<RequestEnv, NoAnswer> {
    let name = |text: &str| text.parse().map_err(|error: cedar_policy::ParseErrors| cannot(&error));
    let uid: EntityUid =
        format!("Action::\"{action}\"").parse().map_err(|error: cedar_policy::ParseErrors| cannot(&error))?;
    Ok(RequestEnv::new(name("Zone")?, uid, name("Connector")?))
}

/// Every entity that a rule names.
fn entities(rule: &Rule) -> Result<Vec<pst::EntityUID>, NoAnswer> {
    let body = rule.cedar().to_pst().map_err(|error| cannot(&error))?.body().clone();
    let mut found = Vec::new();
    let scopes = match &body.principal {
        pst::PrincipalConstraint::Any | pst::PrincipalConstraint::Is(_) => None,
        pst::PrincipalConstraint::Eq(entity)
        | pst::PrincipalConstraint::In(entity)
        | pst::PrincipalConstraint::IsIn(_, entity) => Some(entity),
    };
    if let Some(EntityOrSlot::Entity(uid)) = scopes {
        found.push(uid.clone());
    }
    let here = |expr: &Expr| {
        let Expr::Literal(Literal::EntityUID(uid)) = expr else { return None };
        Some(vec![uid.clone()])
    };
    let both = |mut left: Vec<_>, right: Vec<_>| {
        left.extend(right);
        left
    };
    for clause in body.clauses() {
        let (Clause::When(condition) | Clause::Unless(condition)) = clause;
        found.extend(Arc::clone(condition).reduce(&here, &both, Vec::new()));
    }
    Ok(found)
}
