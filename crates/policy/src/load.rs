//! From a policy file to a policy that was checked against the schema and indexed by action.

use crate::{RateLimit, Risk, SCHEMA};
use action::ActionName;
use cedar_policy::{ActionConstraint, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use std::collections::BTreeMap;

/// A policy that was checked: every rule is valid under the schema and every annotation means something.
#[derive(Debug)]
pub struct Policy {
    pub(crate) by_action: BTreeMap<ActionName, PolicySet>,
    digest: action::Digest,
}

/// Something wrong in a policy file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Problem {
    /// 1-based line, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

// === impl Problem ===

impl Problem {
    /// Where it is: `line 3`, or nothing.
    pub fn place(&self) -> String {
        self.line.map(|line| format!("line {line}")).unwrap_or_default()
    }
}

// === impl Policy ===

impl Policy {
    /// Reads a policy file; every problem in it is returned, not only the first.
    pub fn load(text: &str) -> Result<Self, Vec<Problem>> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)
            .map_err(|error| vec![Problem { line: None, what: format!("the shipped schema: {error}") }])?;
        let rules: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
            errors.iter().map(|error| problem(text, error)).collect::<Vec<_>>()
        })?;
        let mut problems: Vec<_> = Validator::new(schema)
            .validate(&rules, ValidationMode::Strict)
            .validation_errors()
            .map(|error| problem(text, error))
            .collect();
        problems.extend(rules.policies().flat_map(|rule| annotation_problems(rule, text)));
        if rules.num_of_templates() > 0 {
            problems.push(Problem {
                line: None,
                what: "templates (`?principal`, `?resource`) are not used here".to_owned(),
            });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut by_action = BTreeMap::new();
        for name in ActionName::ALL {
            let about_it = rules.policies().filter(|rule| concerns(rule, name)).cloned();
            let slice = PolicySet::from_policies(about_it)
                .map_err(|error| vec![Problem { line: None, what: error.to_string() }])?;
            by_action.insert(name, slice);
        }
        Ok(Self { by_action, digest: action::Digest::of(text.as_bytes()) })
    }

    /// SHA-256 of the policy file's bytes: which policy decided.
    pub const fn digest(&self) -> action::Digest {
        self.digest
    }
}

/// Whether a rule can decide about that action. Rules about other actions are left out before evaluation, so the cost of
/// a decision does not grow with rules that cannot matter.
fn concerns(rule: &cedar_policy::Policy, name: ActionName) -> bool {
    let is_it = |uid: &cedar_policy::EntityUid| uid.id().unescaped() == name.as_str();
    match rule.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is_it(&uid),
        ActionConstraint::In(uids) => uids.iter().any(is_it),
    }
}

fn annotation_problems(rule: &cedar_policy::Policy, text: &str) -> Vec<Problem> {
    let name = name_of(rule);
    let line = line_of_annotation(text, &name);
    rule.annotations()
        .filter_map(|(key, value)| match key {
            "id" => None,
            "rate_limit" => value.parse::<RateLimit>().err().map(|error| error.to_string()),
            "risk" => value.parse::<Risk>().err(),
            _ => Some(format!("`@{key}` is unknown; annotations are @id, @rate_limit and @risk")),
        })
        .map(|what| Problem { line, what: format!("rule `{name}`: {what}") })
        .collect()
}

/// The rule's name: its `@id`, else the number Cedar gave it.
pub(crate) fn name_of(rule: &cedar_policy::Policy) -> String {
    rule.annotation("id").map_or_else(|| rule.id().to_string(), ToOwned::to_owned)
}

fn line_of_annotation(text: &str, name: &str) -> Option<usize> {
    let wanted = format!("@id(\"{name}\")");
    text.lines().position(|line| line.contains(&wanted)).map(|index| index + 1)
}

fn problem(text: &str, error: &(impl Diagnostic + std::fmt::Display)) -> Problem {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let before = offset.and_then(|offset| text.as_bytes().get(..offset));
    let line = before.map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
    Problem { line, what: format!("{error}{help}") }
}
