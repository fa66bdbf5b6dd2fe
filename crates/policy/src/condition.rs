//! What the shape of a rule's conditions tells, without evaluating them.
//!
//! Most of it is which literals a rule *needs*: where none of them occurs in the request, the rule is false and cannot err.
//! That is all the index rests on. It holds because every policy here passed strict validation, so that whatever is
//! evaluated has the type it should have. What this file does not recognise shows no need, and is always evaluated.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "Cedar's syntax may grow; what is not recognised here shows no need and may err"
)]

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp, Var};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A string in one of the sets of the context.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Needed {
    /// The set's name in the context.
    pub(crate) set: &'static str,
    /// What must be in it.
    pub(crate) literal: String,
}

/// One need: at least one of these must occur, else the rule does not hold. Nothing at all: it never holds.
pub(crate) type Need = BTreeSet<Needed>;

/// The sets of strings in the context of sending actions. A rule whose context lacks them is never evaluated where they
/// are missing, because validation would have refused it.
pub(crate) const SETS: [&str; 4] =
    ["recipients", "recipient_domains", "unknown_recipients", "untrusted_parameters"];

/// What every context has.
const ALWAYS_THERE: [&str; 5] = ["approved", "injection_warning", "done_last_hour", "done_last_day", "now"];

/// Every need that the clauses of a rule show; they are evaluated in this order, and the first that is false ends it.
pub(crate) fn needs(clauses: &[Clause]) -> Vec<Need> {
    let mut found = Vec::new();
    for clause in clauses {
        match clause {
            Clause::When(condition) => {
                if !gather(condition, &mut found) {
                    break;
                }
            }
            Clause::Unless(condition) => {
                if !cannot_err(condition) {
                    break;
                }
            }
        }
    }
    found
}

/// The facts of the context that conditions speak of, by name; `None` where they speak of the context as a whole.
pub(crate) fn facts_named(clauses: &[Clause]) -> Option<BTreeSet<String>> {
    let context = |expr: &Expr| matches!(expr, Expr::Var(Var::Context));
    let here = |expr: &Expr| match expr {
        Expr::GetAttr { expr, attr } if context(expr) => Some(Some(BTreeSet::from([attr.to_string()]))),
        Expr::HasAttr { expr, attrs } if context(expr) => {
            Some(Some(BTreeSet::from([attrs.first().to_string()])))
        }
        Expr::Var(Var::Context) => Some(None),
        _ => None,
    };
    let both = |left: Option<BTreeSet<String>>, right: Option<BTreeSet<String>>| Some(&left? | &right?);
    clauses.iter().try_fold(BTreeSet::new(), |named, clause| {
        let (Clause::When(condition) | Clause::Unless(condition)) = clause;
        both(Some(named), condition.reduce(&here, &both, Some(BTreeSet::new())))
    })
}

/// Gathers the needs of conjuncts up to the first that could err. Returns whether none could.
fn gather(condition: &Expr, found: &mut Vec<Need>) -> bool {
    match condition {
        Expr::BinaryOp { op: BinaryOp::And, left, right } => gather(left, found) && gather(right, found),
        conjunct => {
            found.extend(need(conjunct));
            cannot_err(conjunct)
        }
    }
}

/// A need of one expression: where it does not occur, the expression is false and does not err.
fn need(condition: &Expr) -> Option<Need> {
    match condition {
        Expr::Literal(Literal::Bool(false)) => Some(Need::new()),
        Expr::BinaryOp { op: BinaryOp::Or, left, right } => Some(&need(left)? | &need(right)?),
        Expr::BinaryOp { op: BinaryOp::And, left, right } => {
            need(left).or_else(|| if cannot_err(left) { need(right) } else { None })
        }
        Expr::IfThenElse { cond, then_expr, else_expr } if cannot_err(cond) => {
            Some(&need(then_expr)? | &need(else_expr)?)
        }
        Expr::BinaryOp { op: BinaryOp::Contains, left, right } => {
            Some(Need::from([Needed { set: context_set(left)?, literal: string(right)? }]))
        }
        Expr::BinaryOp { op: BinaryOp::ContainsAny, left, right } => {
            let either =
                context_set(left).zip(strings(right)).or_else(|| context_set(right).zip(strings(left)));
            let (set, literals) = either?;
            Some(literals.into_iter().map(|literal| Needed { set, literal }).collect())
        }
        Expr::BinaryOp { op: BinaryOp::ContainsAll, left, right } => {
            one_of_all(context_set(left)?, strings(right)?)
        }
        Expr::BinaryOp { op: BinaryOp::Eq, left, right } => {
            let either =
                context_set(left).zip(strings(right)).or_else(|| context_set(right).zip(strings(left)));
            let (set, literals) = either?;
            one_of_all(set, literals)
        }
        _ => None,
    }
}

/// All of them are needed, so any one is. Of an empty set nothing is needed: that is no need, and no falsehood.
fn one_of_all(set: &'static str, literals: Vec<String>) -> Option<Need> {
    literals.into_iter().min().map(|literal| Need::from([Needed { set, literal }]))
}

fn context_set(expression: &Expr) -> Option<&'static str> {
    let Expr::GetAttr { expr, attr } = expression else { return None };
    let Expr::Var(Var::Context) = **expr else { return None };
    SETS.into_iter().find(|set| *set == attr.as_str())
}

fn string(expression: &Expr) -> Option<String> {
    let Expr::Literal(Literal::String(text)) = expression else { return None };
    Some(text.to_string())
}

fn strings(expression: &Expr) -> Option<Vec<String>> {
    let Expr::Set(elements) = expression else { return None };
    elements.iter().map(|element| string(element)).collect()
}

/// Whether an expression that passed validation always has a value.
///
/// What is left out can err (arithmetic and dates overflow) or is not worth its line.
fn cannot_err(expression: &Expr) -> bool {
    let both = |left: &Arc<Expr>, right: &Arc<Expr>| cannot_err(left) && cannot_err(right);
    match expression {
        Expr::Literal(_) | Expr::Var(_) => true,
        Expr::GetAttr { expr, attr } => match **expr {
            Expr::Var(Var::Context) => {
                let name = attr.as_str();
                ALWAYS_THERE.contains(&name) || SETS.contains(&name) || name == "known_recipients"
            }
            // A zone has a host; nothing else has attributes.
            Expr::Var(Var::Principal) => attr.as_str() == "host",
            _ => false,
        },
        Expr::HasAttr { expr, .. } => matches!(**expr, Expr::Var(Var::Context | Var::Principal)),
        Expr::Like { expr, pattern: _ } => cannot_err(expr),
        Expr::Is { expr, entity_type: _, in_expr } => {
            cannot_err(expr) && in_expr.as_ref().is_none_or(|parent| cannot_err(parent))
        }
        Expr::Set(elements) => elements.iter().all(|element| cannot_err(element)),
        Expr::IfThenElse { cond, then_expr, else_expr } => cannot_err(cond) && both(then_expr, else_expr),
        Expr::UnaryOp { op, expr } => match op {
            UnaryOp::Not | UnaryOp::IsEmpty | UnaryOp::ToTime => cannot_err(expr),
            // Validation has read the literal.
            UnaryOp::Datetime | UnaryOp::Duration => string(expr).is_some(),
            _ => false,
        },
        Expr::BinaryOp {
            op:
                BinaryOp::Eq
                | BinaryOp::NotEq
                | BinaryOp::Less
                | BinaryOp::LessEq
                | BinaryOp::Greater
                | BinaryOp::GreaterEq
                | BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::In
                | BinaryOp::Contains
                | BinaryOp::ContainsAll
                | BinaryOp::ContainsAny,
            left,
            right,
        } => both(left, right),
        _ => false,
    }
}
