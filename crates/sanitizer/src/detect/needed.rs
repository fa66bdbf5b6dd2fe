//! What a pattern cannot match without: to look for a few words tells of most texts that it need not be tried.

use aho_corasick::AhoCorasick;
use regex_syntax::hir::{Hir, HirKind};

/// Shorter words are in every text.
const TELLING: usize = 3;

/// Which of some patterns may match a text.
pub(super) struct Needed {
    words: Option<AhoCorasick>,
    /// For each word, the set of patterns that need it or another.
    needed_by: Vec<u64>,
    /// Patterns that need no word that is telling.
    always: u64,
}

impl Needed {
    /// For up to 64 groups of patterns, of which each is one bit. What cannot be known is taken for needed by none.
    pub(super) fn of<'p>(groups: impl Iterator<Item = Vec<&'p str>>) -> Self {
        let mut words: Vec<(Vec<u8>, u64)> = Vec::new();
        let mut always = 0;
        for (at, patterns) in groups.enumerate() {
            let group = 1_u64.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or_default();
            for pattern in patterns {
                let needed = regex_syntax::parse(pattern).ok().and_then(|pattern| needed(&pattern));
                match needed.filter(|words| shortest(words) >= TELLING) {
                    Some(needed) => words.extend(needed.into_iter().map(|word| (word, group))),
                    None => always |= group,
                }
            }
        }
        words.sort_unstable();
        words.dedup_by(|next, first| {
            let same = next.0 == first.0;
            first.1 |= if same { next.1 } else { 0 };
            same
        });
        let found = AhoCorasick::new(words.iter().map(|(word, _)| word)).ok();
        let always = if found.is_some() { always } else { u64::MAX };
        Self { words: found, needed_by: words.into_iter().map(|(_, groups)| groups).collect(), always }
    }

    /// The groups that may match, one bit each.
    pub(super) fn may_match(&self, text: &str) -> u64 {
        let found = self.words.iter().flat_map(|words| words.find_overlapping_iter(text));
        let groups = found.filter_map(|word| self.needed_by.get(word.pattern().as_usize()));
        groups.fold(self.always, |groups, group| groups | group)
    }
}

/// Words of which each match has one. `None` where nothing can be said.
fn needed(pattern: &Hir) -> Option<Vec<Vec<u8>>> {
    match pattern.kind() {
        HirKind::Literal(word) => Some(vec![word.0.to_vec()]),
        HirKind::Capture(inner) => needed(&inner.sub),
        HirKind::Repetition(inner) if inner.min > 0 => needed(&inner.sub),
        HirKind::Concat(parts) => {
            // the longer a word, the fewer texts have it
            parts.iter().filter_map(needed).max_by_key(|words| (shortest(words), usize::MAX - words.len()))
        }
        HirKind::Alternation(ways) => {
            let ways: Option<Vec<_>> = ways.iter().map(needed).collect();
            Some(ways?.concat())
        }
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => None,
    }
}

fn shortest(words: &[Vec<u8>]) -> usize {
    words.iter().map(Vec::len).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_needs_the_longest_word_that_every_match_has() {
        let check = |pattern: &str, words: Option<&[&str]>| {
            let found = needed(&regex_syntax::parse(pattern).unwrap()).map(|mut words| {
                words.sort_unstable();
                words
            });
            let words = words.map(|words| words.iter().map(|word| word.as_bytes().to_vec()).collect());
            assert_eq!(found, words, "{pattern}");
        };
        check("ignore", Some(&["ignore"]));
        check("\\b(?:forget|discard)\\b(?: [a-z]+){0,2} all\\b", Some(&["discard", "forget"]));
        check("(?:send)? me", Some(&[" me"]));
        check("(?:send|[a-z]+)", None);
        check("[a-z]*", None);
    }

    #[test]
    fn only_what_may_match_is_tried() {
        let needed = Needed::of([vec!["ignore|forget"], vec!["password"], vec!["[a-z]"]].into_iter());
        assert_eq!(needed.may_match("forget the password"), 0b111);
        assert_eq!(needed.may_match("the password"), 0b110);
        assert_eq!(needed.may_match("no"), 0b100);
    }
}
