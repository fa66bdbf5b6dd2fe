//! A rule in a world where the owner's answer is known.

use crate::NoAnswer;
use crate::model::cannot;
use cedar_policy::pst::{self, Clause, Expr, Literal, Var};
use std::sync::Arc;

/// The rule with the owner's answer in the place of `context.approved`.
pub(crate) fn answered(
    rule: &cedar_policy::Policy,
    approved: bool,
) -> Result<cedar_policy::Policy, NoAnswer> {
    let body = rule.to_pst().map_err(|error| cannot(&error))?.body().clone();
    let clauses: Vec<_> = body
        .clauses()
        .iter()
        .map(|clause| match clause {
            Clause::When(condition) => Clause::When(put(condition, approved)),
            Clause::Unless(condition) => Clause::Unless(put(condition, approved)),
        })
        .collect();
    let body = body.try_with_clauses(clauses).map_err(|error| cannot(&error))?;
    let rule = pst::StaticPolicy::try_from(body).map_err(|error| cannot(&error))?;
    cedar_policy::Policy::from_pst(pst::Policy::Static(rule)).map_err(|error| cannot(&error))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what has no parts, or none that is known, stays as it is"
)]
fn put(condition: &Arc<Expr>, approved: bool) -> Arc<Expr> {
    let put = |part: &Arc<Expr>| put(part, approved);
    Arc::new(match &**condition {
        Expr::GetAttr { expr, attr } if **expr == Expr::Var(Var::Context) && attr.as_str() == "approved" => {
            Expr::Literal(Literal::Bool(approved))
        }
        Expr::GetAttr { expr, attr } => Expr::GetAttr { expr: put(expr), attr: attr.clone() },
        Expr::HasAttr { expr, attrs } => Expr::HasAttr { expr: put(expr), attrs: attrs.clone() },
        Expr::UnaryOp { op, expr } => Expr::UnaryOp { op: *op, expr: put(expr) },
        Expr::BinaryOp { op, left, right } => Expr::BinaryOp { op: *op, left: put(left), right: put(right) },
        Expr::Like { expr, pattern } => Expr::Like { expr: put(expr), pattern: pattern.clone() },
        Expr::Is { expr, entity_type, in_expr } => {
            Expr::Is { expr: put(expr), entity_type: entity_type.clone(), in_expr: in_expr.as_ref().map(put) }
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            Expr::IfThenElse { cond: put(cond), then_expr: put(then_expr), else_expr: put(else_expr) }
        }
        Expr::Set(elements) => Expr::Set(elements.iter().map(put).collect()),
        Expr::Record(fields) => {
            Expr::Record(fields.iter().map(|(name, value)| (name.clone(), put(value))).collect())
        }
        other => other.clone(),
    })
}
