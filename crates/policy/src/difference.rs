//! What another policy says otherwise, rule by rule.

use crate::{Policy, Rule};
use action::reveal;
use std::fmt;

/// The rules that differ between two policies. A rule is the same rule as long as it keeps its `@id`; one without is the
/// same as long as it says the same.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Rules that only the new policy has.
    pub added: Vec<Rule>,
    /// Rules that only the old policy has.
    pub removed: Vec<Rule>,
    /// Rules of both, as they were and as they are.
    pub changed: Vec<(Rule, Rule)>,
}

// === impl Difference ===

impl Difference {
    /// What `new` says otherwise than `old`.
    pub fn between(old: &Policy, new: &Policy) -> Self {
        let mut difference = Self::default();
        for rule in new.rules() {
            match old.rules().iter().find(|before| identity(before) == identity(rule)) {
                None => difference.added.push(rule.clone()),
                Some(before) if before.source() != rule.source() => {
                    difference.changed.push((before.clone(), rule.clone()));
                }
                Some(_) => {}
            }
        }
        let kept = |before: &&Rule| new.rules().iter().any(|rule| identity(rule) == identity(before));
        difference.removed = old.rules().iter().filter(|before| !kept(before)).cloned().collect();
        difference
    }

    /// Whether every rule is as it was; comments and order may differ.
    pub fn is_empty(&self) -> bool {
        let Self { added, removed, changed } = self;
        added.is_empty() && removed.is_empty() && changed.is_empty()
    }
}

/// For the owner: what goes with `-`, what comes with `+`; invisible characters made visible.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, removed, changed } = self;
        let told = |f: &mut fmt::Formatter<'_>, sign: char, rule: &Rule| {
            rule.source().lines().try_for_each(|line| writeln!(f, "  {sign} {}", reveal(line)))
        };
        for rule in removed {
            writeln!(f, "rule `{}` goes:", reveal(rule.name()))?;
            told(f, '-', rule)?;
        }
        for (before, after) in changed {
            writeln!(f, "rule `{}` changes (line {}):", reveal(after.name()), after.line())?;
            told(f, '-', before)?;
            told(f, '+', after)?;
        }
        for rule in added {
            writeln!(f, "rule `{}` is new (line {}):", reveal(rule.name()), rule.line())?;
            told(f, '+', rule)?;
        }
        Ok(())
    }
}

fn identity(rule: &Rule) -> (Option<&str>, Option<String>) {
    let id = rule.cedar().annotation("id");
    (id, id.is_none().then(|| rule.source()))
}
