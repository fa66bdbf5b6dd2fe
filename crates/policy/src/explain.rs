//! Why a request is decided as it is, and what is missing for a yes.

use crate::world::World;
use crate::{Approval, Decision, Knowledge, Policy, Reason, Rule};
use action::{Request, Role, ZoneId};
use cedar_policy::pst::{self, BinaryOp, Clause, Expr};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A decision, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The names of the rules that decided.
    pub rules: Vec<String>,
    /// What alone, were it otherwise, would bring it nearer to a yes.
    pub turns: Vec<Turn>,
    /// The rules that come nearest to permitting it, and what each lacks; when no rule permits it.
    pub nearest: Vec<Near>,
}

/// One fact that would turn a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The fact, after "if".
    pub when: String,
    /// What would be decided.
    pub then: Decision,
}

/// A rule that does not permit a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its name.
    pub rule: String,
    /// Its conditions that are not met.
    pub lacks: Vec<String>,
}

/// So many of the nearest rules are told.
const NEAREST: usize = 3;

// === impl Policy ===

impl Policy {
    /// Judges a request, and says why.
    pub fn explain(&self, request: &Request, knowledge: &Knowledge) -> Explanation {
        let decision = self.judge(request, knowledge);
        let rules = match &decision {
            Decision::Allow(terms) | Decision::Ask(terms) => terms.rules.to_vec(),
            Decision::Deny(Reason::Forbidden(names)) => names.to_vec(),
            Decision::Deny(Reason::NoRulePermits | Reason::CannotEvaluate(_)) => Vec::new(),
        };
        let nearest = match &decision {
            Decision::Deny(Reason::NoRulePermits) => self.nearest(request, knowledge),
            Decision::Deny(Reason::Forbidden(_) | Reason::CannotEvaluate(_))
            | Decision::Allow(_)
            | Decision::Ask(_) => Vec::new(),
        };
        let turns = self.turns(request, knowledge, &decision);
        Explanation { decision, rules, turns, nearest }
    }

    fn turns(&self, request: &Request, knowledge: &Knowledge, decision: &Decision) -> Vec<Turn> {
        let known = || knowledge.clone();
        let mut others = vec![
            ("you agree to it".to_owned(), Knowledge { approval: Approval::Verified, ..known() }),
            (
                "no content with a warning is out".to_owned(),
                Knowledge { injection_warning: false, ..known() },
            ),
            (
                "every recipient is known".to_owned(),
                Knowledge { unknown_recipients: BTreeSet::new(), ..known() },
            ),
            (
                "no value is from outside".to_owned(),
                Knowledge { untrusted_parameters: BTreeSet::new(), ..known() },
            ),
            ("it was not done within the hour".to_owned(), Knowledge { done_last_hour: 0, ..known() }),
            (
                "it was not done within the day".to_owned(),
                Knowledge { done_last_hour: 0, done_last_day: 0, ..known() },
            ),
        ];
        others.retain(|(_, other)| other != knowledge);
        let mut turns: Vec<_> = others
            .into_iter()
            .map(|(when, other)| Turn { when, then: self.judge(request, &other) })
            .filter(|turn| rank(&turn.then) > rank(decision))
            .collect();
        turns.extend(self.at_another_hour(request, knowledge, decision));
        if request.zone().role() != Role::Planner {
            let zone = ZoneId::new(request.zone().host(), Role::Planner);
            let name = request.action().name();
            if let Ok(asked) = Request::check(zone, name.as_str(), request.parameters().to_owned()) {
                let turn =
                    Turn { when: "the planner asks for it".to_owned(), then: self.judge(&asked, knowledge) };
                turns.extend((rank(&turn.then) > rank(decision)).then_some(turn));
            }
        }
        turns
    }

    /// The hours of the day, in UTC, at which it would be decided better.
    fn at_another_hour(&self, request: &Request, knowledge: &Knowledge, decision: &Decision) -> Option<Turn> {
        let speaks = |rule: &Rule| rule.facts().is_none_or(|facts| facts.contains("now"));
        if !self.rules().iter().any(speaks) {
            return None;
        }
        let hour = |hour: i64| {
            let seconds = knowledge.at.as_second().rem_euclid(86_400) - hour * 3_600;
            let at =
                knowledge.at.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::UNIX_EPOCH);
            (hour, self.judge(request, &Knowledge { at, ..knowledge.clone() }))
        };
        let better: Vec<_> = (0..24).map(hour).filter(|(_, then)| rank(then) > rank(decision)).collect();
        let (_, then) = better.first()?.clone();
        let hours: Vec<_> = better.iter().map(|(hour, _)| format!("{hour:02}:00")).collect();
        Some(Turn { when: format!("it is {} UTC", hours.join(", ")), then })
    }

    /// The rules about this action and zone that permit, by how little they lack; else those of other zones.
    fn nearest(&self, request: &Request, knowledge: &Knowledge) -> Vec<Near> {
        let (action, role) = (request.action().name(), request.zone().role());
        let permits = || self.rules().iter().filter(|rule| !rule.forbids());
        let mut nearest: Vec<_> = permits()
            .filter(|rule| rule.concerns(action, role))
            .map(|rule| Near { rule: rule.name().to_owned(), lacks: self.lacks(rule, request, knowledge) })
            .collect();
        if nearest.is_empty() {
            let elsewhere = |rule: &&Rule| Role::ALL.into_iter().any(|other| rule.concerns(action, other));
            nearest = permits()
                .filter(elsewhere)
                .map(|rule| Near { rule: rule.name().to_owned(), lacks: vec![rule.principal()] })
                .collect();
        }
        nearest.sort_by_key(|near| near.lacks.len());
        nearest.truncate(NEAREST);
        nearest
    }

    fn lacks(&self, rule: &Rule, request: &Request, knowledge: &Knowledge) -> Vec<String> {
        let lacks = || {
            let slice = self.index.about(request.action().name(), request.zone().role())?;
            let world = World::new(&self.words, slice, request, knowledge).ok()?;
            let unmet = |condition: &Clause| {
                let alone = alone(rule, condition);
                !alone.is_some_and(|alone| world.meets(&alone, knowledge.approval).unwrap_or(false))
            };
            let scope = alone(rule, &Clause::When(Arc::new(Expr::Literal(pst::Literal::Bool(true)))))?;
            if !world.meets(&scope, knowledge.approval).ok()? {
                return Some(vec![rule.principal()]);
            }
            let conditions = rule.clauses().iter().flat_map(conjuncts);
            Some(conditions.filter(|condition| unmet(condition)).map(|condition| words(&condition)).collect())
        };
        lacks().unwrap_or_else(|| vec!["it cannot be evaluated".to_owned()])
    }
}

/// From a no to a yes.
const fn rank(decision: &Decision) -> u8 {
    match decision {
        Decision::Deny(_) => 0,
        Decision::Ask(_) => 1,
        Decision::Allow(_) => 2,
    }
}

/// A rule with this condition alone.
fn alone(rule: &Rule, condition: &Clause) -> Option<cedar_policy::Policy> {
    let body = rule.cedar().to_pst().ok()?.body().clone();
    let body = body.try_with_clauses([condition.clone()]).ok()?;
    cedar_policy::Policy::from_pst(pst::Policy::Static(pst::StaticPolicy::try_from(body).ok()?)).ok()
}

/// The parts of a clause that must all be met.
fn conjuncts(clause: &Clause) -> Vec<Clause> {
    fn split(condition: &Arc<Expr>, parts: &mut Vec<Clause>) {
        if let Expr::BinaryOp { op: BinaryOp::And, left, right } = &**condition {
            split(left, parts);
            split(right, parts);
        } else {
            parts.push(Clause::When(Arc::clone(condition)));
        }
    }
    let mut parts = Vec::new();
    match clause {
        Clause::When(condition) => split(condition, &mut parts),
        unless @ Clause::Unless(_) => parts.push(unless.clone()),
    }
    parts
}

fn words(condition: &Clause) -> String {
    match condition {
        Clause::When(condition) => condition.to_string(),
        Clause::Unless(condition) => format!("!({condition})"),
    }
}
