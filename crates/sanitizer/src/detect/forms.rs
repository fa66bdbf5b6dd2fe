//! Forms that consist of punctuation as much as of words, and how they are looked for.

use std::sync::LazyLock;

use clean_content::Severity;
use regex::{Regex, RegexSet, RegexSetBuilder};

use super::Hit;

/// What one form says, and the patterns that are it: in lower case, since the text is.
pub(super) struct Form {
    pub(super) kind: &'static str,
    pub(super) severity: Severity,
    pub(super) reason: &'static str,
    pub(super) patterns: &'static [&'static str],
}

/// Forms ready to be looked for, and the words without which there is none of them.
pub(super) struct Forms {
    gate: Regex,
    set: RegexSet,
    each: Vec<(&'static Form, Regex)>,
}

/// Made on first use.
pub(super) type LazyForms = LazyLock<Forms>;

impl Forms {
    /// `gate` is the literals, parted by `|`, of which each form has one. `spell` puts in what patterns share.
    #[expect(clippy::expect_used, reason = "the patterns are constants, and every test compiles them")]
    pub(super) fn new(forms: &'static [Form], gate: &str, spell: impl Fn(&str) -> String) -> Self {
        let regex = |pattern: &str| Regex::new(pattern).expect("a constant pattern");
        // the edge of a word that knows all letters has no fast automaton
        let spell =
            |pattern: &&str| spell(pattern).replace("\\b", "(?-u:\\b)").replace("\\s", "[ \\t\\r\\n]");
        let each: Vec<_> = forms
            .iter()
            .flat_map(|form| form.patterns.iter().map(move |pattern| (form, pattern)))
            .map(|(form, pattern)| (form, regex(&spell(pattern))))
            .collect();
        let set = RegexSetBuilder::new(each.iter().map(|(_, regex)| regex.as_str()))
            .size_limit(32 << 20)
            .dfa_size_limit(16 << 20)
            .build()
            .expect("constant patterns");
        Self { gate: regex(gate), set, each }
    }

    /// Adds a hit for each kind that occurs, the gravest of it.
    pub(super) fn search(&self, text: &str, hits: &mut Vec<Hit>) {
        if !self.gate.is_match(text) {
            return;
        }
        let mut found: Vec<_> = self.set.matches(text).iter().filter_map(|at| self.each.get(at)).collect();
        found.sort_by_key(|(form, _)| std::cmp::Reverse(form.severity));
        for (form, regex) in found {
            if hits.iter().any(|hit| hit.kind == form.kind && hit.severity >= form.severity) {
                continue;
            }
            hits.extend(regex.find(text).map(|found| Hit {
                kind: form.kind,
                severity: form.severity,
                reason: form.reason.into(),
                evidence: found.as_str().trim().to_owned(),
            }));
        }
    }
}
