//! What a pattern cannot match without: to look for a few words tells of most texts that it need not be tried.

use std::{cmp::Reverse, collections::BTreeMap};

use aho_corasick::AhoCorasick;
use regex_syntax::hir::{Hir, HirKind};

/// Shorter words are in every text.
const TELLING: usize = 3;

/// Sets of words that one pattern is known by at most.
const SETS: usize = 4;

/// Which of some patterns may match a text.
pub(super) struct Needed {
    words: Option<AhoCorasick>,
    /// The sets that each word is in.
    sets_of: Vec<Vec<usize>>,
    sets: usize,
    patterns: Vec<Pattern>,
}

struct Pattern {
    /// One bit.
    group: u64,
    /// Of each of these, every match has a word.
    sets: Vec<usize>,
}

impl Needed {
    /// For up to 64 groups of patterns, of which each is one bit. Where nothing can be known, anything may match.
    pub(super) fn of<'p>(groups: impl Iterator<Item = Vec<&'p str>>) -> Self {
        let mut words: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        let mut patterns = Vec::new();
        let mut sets = 0;
        for (at, group) in groups.enumerate() {
            let bit = 1_u64.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or_default();
            for pattern in group {
                let mut found =
                    regex_syntax::parse(pattern).map(|pattern| needed(&pattern)).unwrap_or_default();
                found.retain(|words| shortest(words) >= TELLING);
                found.sort_by_key(|words| Reverse(shortest(words)));
                found.truncate(SETS);
                patterns.push(Pattern { group: bit, sets: (sets..sets + found.len()).collect() });
                for set in found {
                    set.into_iter().for_each(|word| words.entry(word).or_default().push(sets));
                    sets += 1;
                }
            }
        }
        Self {
            words: AhoCorasick::new(words.keys()).ok(),
            sets_of: words.into_values().collect(),
            sets,
            patterns,
        }
    }

    /// The groups that may match, one bit each.
    pub(super) fn may_match(&self, text: &str) -> u64 {
        let Some(words) = &self.words else { return u64::MAX };
        let mut met = vec![false; self.sets];
        for word in words.find_overlapping_iter(text) {
            for set in self.sets_of.get(word.pattern().as_usize()).into_iter().flatten() {
                if let Some(met) = met.get_mut(*set) {
                    *met = true;
                }
            }
        }
        let has = |set: &usize| met.get(*set).copied().unwrap_or_default();
        let may = self.patterns.iter().filter(|pattern| pattern.sets.iter().all(has));
        may.fold(0, |groups, pattern| groups | pattern.group)
    }
}

/// Sets of words: each match has one of each set. None where nothing can be said.
fn needed(pattern: &Hir) -> Vec<Vec<Vec<u8>>> {
    match pattern.kind() {
        HirKind::Literal(word) => vec![vec![word.0.to_vec()]],
        HirKind::Capture(inner) => needed(&inner.sub),
        HirKind::Repetition(inner) if inner.min > 0 => needed(&inner.sub),
        HirKind::Concat(parts) => parts.iter().flat_map(needed).collect(),
        // one word of every way; the longer it is, the fewer texts have it
        HirKind::Alternation(ways) => {
            let best =
                |way| needed(way).into_iter().max_by_key(|words| (shortest(words), Reverse(words.len())));
            let ways: Option<Vec<_>> = ways.iter().map(best).collect();
            ways.into_iter().map(|ways| ways.concat()).collect()
        }
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => Vec::new(),
    }
}

fn shortest(words: &[Vec<u8>]) -> usize {
    words.iter().map(Vec::len).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_needs_a_word_of_each_part_that_every_match_has() {
        let check = |pattern: &str, sets: &[&[&str]]| {
            let mut found = needed(&regex_syntax::parse(pattern).unwrap());
            found.iter_mut().for_each(|words| words.sort_unstable());
            let of = |words: &&[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
            let sets: Vec<Vec<Vec<u8>>> = sets.iter().map(of).collect();
            assert_eq!(found, sets, "{pattern}");
        };
        check("ignore", &[&["ignore"]]);
        check("\\b(?:forget|discard)\\b(?: [a-z]+){0,2} all\\b", &[&["discard", "forget"], &[" all"]]);
        check("(?:send)? me", &[&[" me"]]);
        check("(?:send|[a-z]+)", &[]);
        check("(?:send [a-z]+ files|keep)", &[&[" files", "keep"]]);
        check("[a-z]*", &[]);
    }

    #[test]
    fn only_what_may_match_is_tried() {
        let groups = [vec!["(?:ignore|forget)[a-z ]* rules"], vec!["password", "pass word"], vec!["[a-z]"]];
        let needed = Needed::of(groups.into_iter());
        assert_eq!(needed.may_match("forget the password, and all rules"), 0b111);
        assert_eq!(needed.may_match("forget the password"), 0b110);
        assert_eq!(needed.may_match("no rules"), 0b100);
    }
}
