//! From a policy file to a policy that was checked against the schema and indexed.

use crate::index::Index;
use crate::rule::name_of;
use crate::world::Words;
use crate::{RateLimit, Risk, Rule, SCHEMA};
use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use std::collections::BTreeMap;

/// A policy that was checked: every rule is valid under the schema, has a name of its own, and every annotation means
/// something.
#[derive(Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    pub(crate) index: Index,
    pub(crate) words: Words,
    digest: action::Digest,
    warnings: Vec<Problem>,
}

/// Something wrong in a policy file.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
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
        let (rules, warnings) = rules(text, Annotations::OfPolicies)?;
        let index = Index::new(&rules).map_err(|error| no_line(&error))?;
        let words = Words::new().map_err(|error| no_line(&error))?;
        Ok(Self { rules, index, words, digest: action::Digest::of(text.as_bytes()), warnings })
    }

    /// What Cedar's own validation finds odd.
    pub(crate) fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// SHA-256 of the policy file's bytes: which policy decided.
    pub const fn digest(&self) -> action::Digest {
        self.digest
    }

    /// Its rules, in the order in which they stand.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name() == name)
    }
}

/// Which annotations mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Annotations {
    OfPolicies,
    OfClaims,
}

/// The rules of a text, checked, and what Cedar finds odd in them.
pub(crate) fn rules(text: &str, known: Annotations) -> Result<(Vec<Rule>, Vec<Problem>), Vec<Problem>> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| no_line(&error))?;
    let parsed: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors.iter().map(|error| problem(text, error)).collect::<Vec<_>>()
    })?;
    let found = in_order(&parsed, text);
    let validated = Validator::new(schema).validate(&parsed, ValidationMode::Strict);
    let mut problems: Vec<_> = validated.validation_errors().map(|error| problem(text, error)).collect();
    problems.extend(found.iter().flat_map(|(rule, line)| annotation_problems(rule, *line, known)));
    problems.extend(names_used_twice(&found));
    if parsed.num_of_templates() > 0 {
        let what = "templates (`?principal`, `?resource`) are not used here";
        problems.push(Problem { line: None, what: what.to_owned() });
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.line);
        return Err(problems);
    }
    let rules = found.into_iter().map(|(rule, line)| Rule::new(rule.clone(), line));
    let rules = rules.collect::<Result<_, _>>().map_err(|error| no_line(&error))?;
    Ok((rules, validated.validation_warnings().map(|warning| problem(text, warning)).collect()))
}

fn no_line(error: &dyn std::fmt::Display) -> Vec<Problem> {
    vec![Problem { line: None, what: error.to_string() }]
}

/// The rules as they stand in the file, each with the line on which it begins.
fn in_order<'p>(parsed: &'p PolicySet, text: &str) -> Vec<(&'p cedar_policy::Policy, usize)> {
    let mut rules: Vec<_> = parsed.policies().collect();
    // Cedar numbers them: policy0, policy1, ...
    rules.sort_by_key(|rule| {
        AsRef::<str>::as_ref(rule.id()).trim_start_matches("policy").parse::<usize>().ok()
    });
    let (mut rest, mut line) = (text, 1);
    let mut found = Vec::with_capacity(rules.len());
    for rule in rules {
        let source = rule.to_string();
        let (before, after) = first_uncommented(rest, &source).unwrap_or(("", rest));
        line += lines_in(before);
        found.push((rule, line));
        line += lines_in(&source);
        rest = after;
    }
    found
}

/// What stands before and after a rule; the same words in a comment are not the rule.
fn first_uncommented<'t>(text: &'t str, source: &str) -> Option<(&'t str, &'t str)> {
    text.match_indices(source).find_map(|(at, _)| {
        let (before, rest) = text.split_at_checked(at)?;
        let commented =
            before.lines().next_back().is_some_and(|line| line.contains("//")) && !before.ends_with('\n');
        (!commented).then_some((before, rest.strip_prefix(source)?))
    })
}

fn lines_in(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn annotation_problems(rule: &cedar_policy::Policy, line: usize, known: Annotations) -> Vec<Problem> {
    let name = name_of(rule);
    rule.annotations()
        .filter_map(|(key, value)| match (known, key) {
            (Annotations::OfClaims, "never" | "always") => None,
            (Annotations::OfClaims, _) => Some(format!("`@{key}` is unknown; a claim has @never or @always")),
            (Annotations::OfPolicies, "id") => value.is_empty().then(|| "`@id` is empty".to_owned()),
            (Annotations::OfPolicies, "rate_limit") => {
                value.parse::<RateLimit>().err().map(|error| error.to_string())
            }
            (Annotations::OfPolicies, "risk") => value.parse::<Risk>().err(),
            (Annotations::OfPolicies, _) => {
                Some(format!("`@{key}` is unknown; annotations are @id, @rate_limit and @risk"))
            }
        })
        .map(|what| Problem { line: Some(line), what: format!("rule `{name}`: {what}") })
        .collect()
}

/// A name tells which rule decided, so it is one rule's.
fn names_used_twice(rules: &[(&cedar_policy::Policy, usize)]) -> Vec<Problem> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for (rule, line) in rules {
        let name = name_of(rule);
        match first.get(&name) {
            Some(earlier) => problems.push(Problem {
                line: Some(*line),
                what: format!(
                    "rule `{name}`: the rule on line {earlier} has this name; give each its own `@id`"
                ),
            }),
            None => {
                first.insert(name, *line);
            }
        }
    }
    problems
}

fn problem(text: &str, error: &(impl Diagnostic + std::fmt::Display)) -> Problem {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let line = offset.and_then(|offset| text.get(..offset)).map(|before| lines_in(before) + 1);
    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
    Problem { line, what: format!("{error}{help}") }
}
