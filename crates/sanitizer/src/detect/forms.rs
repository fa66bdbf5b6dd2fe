//! Forms that consist of punctuation as much as of words, and how they are looked for.

use std::{
    ops::Range,
    slice,
    sync::{LazyLock, OnceLock},
};

use clean_content::Severity;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::Hit;

/// What one form says, and the patterns that are it: in lower case, since the text is.
pub(super) struct Form {
    pub(super) kind: &'static str,
    pub(super) severity: Severity,
    pub(super) reason: &'static str,
    pub(super) patterns: &'static [&'static str],
}

/// Forms that can be looked for, and what tells soon that a text has none of them. Only what is needed is compiled: in most
/// texts the gate is all.
pub(super) struct Forms {
    gate: fn(&str) -> bool,
    any: OnceLock<Any>,
    forms: &'static [Form],
    spell: fn(&str) -> String,
}

/// Every pattern as one, which answers the soonest, and then which of them it was.
struct Any {
    one: Regex,
    set: OnceLock<RegexSet>,
    each: Vec<(&'static Form, String, OnceLock<Regex>)>,
}

/// Made on first use.
pub(super) type LazyForms = LazyLock<Forms>;

#[expect(clippy::expect_used, reason = "the patterns are constants, and every test compiles them")]
pub(super) fn regex(pattern: &str) -> Regex {
    let limits = RegexBuilder::new(pattern).size_limit(32 << 20).dfa_size_limit(16 << 20).build();
    limits.expect("a constant pattern")
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and every test compiles them")]
fn as_set<'p>(patterns: impl Iterator<Item = &'p str>) -> RegexSet {
    let limits = RegexSetBuilder::new(patterns).size_limit(32 << 20).dfa_size_limit(16 << 20).build();
    limits.expect("constant patterns")
}

// === impl Forms ===

impl Forms {
    /// `gate` lets pass every text that has some form. `spell` puts in what patterns share.
    pub(super) const fn new(
        forms: &'static [Form],
        gate: fn(&str) -> bool,
        spell: fn(&str) -> String,
    ) -> Self {
        Self { gate, any: OnceLock::new(), forms, spell }
    }

    /// For forms that are known by other means to be in a text at all.
    pub(super) const fn ungated(forms: &'static [Form], spell: fn(&str) -> String) -> Self {
        Self::new(forms, |_| true, spell)
    }

    /// Adds a hit for each kind that occurs, the gravest of it.
    pub(super) fn search(&self, text: &str, hits: &mut Vec<Hit>) {
        if (self.gate)(text) {
            self.search_at(text, slice::from_ref(&(0..text.len())), hits);
        }
    }

    /// The same where every match is known to be within one of some places.
    pub(super) fn search_at(&self, text: &str, places: &[Range<usize>], hits: &mut Vec<Hit>) {
        if places.is_empty() {
            return;
        }
        let Any { one, set, each } = self.any.get_or_init(|| Any::new(self.forms, self.spell));
        let within = |place: &Range<usize>| {
            text.get(..place.end).is_some_and(|head| one.is_match_at(head, place.start))
        };
        // what ends with a place need not end with the text
        if !places.iter().any(within) || !one.is_match(text) {
            return;
        }
        let set = set.get_or_init(|| as_set(each.iter().map(|(_, pattern, _)| pattern.as_str())));
        let mut found: Vec<_> = set.matches(text).iter().filter_map(|at| each.get(at)).collect();
        found.sort_by_key(|(form, _, _)| std::cmp::Reverse(form.severity));
        for (form, pattern, compiled) in found {
            if hits.iter().any(|hit| hit.kind == form.kind && hit.severity >= form.severity) {
                continue;
            }
            let found = compiled.get_or_init(|| regex(pattern)).find(text);
            hits.extend(found.map(|found| Hit {
                kind: form.kind,
                severity: form.severity,
                reason: form.reason.into(),
                evidence: found.as_str().trim().to_owned(),
            }));
        }
    }
}

// === impl Any ===

impl Any {
    fn new(forms: &'static [Form], spell: fn(&str) -> String) -> Self {
        // the edge of a word that knows all letters has no fast automaton
        let spell = |pattern: &str| spell(pattern).replace("\\b", "(?-u:\\b)").replace("\\s", "[ \\t\\r\\n]");
        let patterns = |form: &'static Form| form.patterns.iter().map(move |pattern| (form, *pattern));
        let each: Vec<_> = forms
            .iter()
            .flat_map(patterns)
            .map(|(form, pattern)| (form, spell(pattern), OnceLock::new()))
            .collect();
        let patterns: Vec<String> = each.iter().map(|(_, pattern, _)| format!("(?:{pattern})")).collect();
        Self { one: regex(&patterns.join("|")), set: OnceLock::new(), each }
    }
}
