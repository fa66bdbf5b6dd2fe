//! What a pattern cannot match without: where a few words stand tells of nearly all of a text that no pattern need be tried
//! there.

use std::{cmp::Reverse, collections::BTreeMap, ops::Range};

use aho_corasick::{Anchored, automaton::Automaton as _, dfa::DFA};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter words are in every text.
const TELLING: usize = 3;

/// Sets of words that one pattern is known by at most.
const SETS: usize = 4;

/// Bytes of a word by which it is known: an automaton of whole words would be too large to stay at hand.
const BEGINNING: usize = 6;

/// What parts sentences. It is in the automaton as a word is, and is the first.
const BAR: u8 = b'|';

/// Where some patterns may match a text whose sentences end with `|`.
pub(super) struct Needed {
    words: Option<DFA>,
    /// The sets that each word is in.
    sets_of: Vec<Vec<usize>>,
    /// The patterns that a set is the most telling of.
    told_by: Vec<Vec<usize>>,
    patterns: Vec<Pattern>,
    groups: usize,
}

struct Pattern {
    group: usize,
    /// Of each of these, every match has a word; the most telling first.
    sets: Vec<usize>,
    /// Ends of sentences that a match may hold at most; nothing, if there is no bound.
    crosses: Option<usize>,
}

/// For each group of patterns, the places of a text where one of them may match, in order and apart.
pub(super) struct Places(Vec<Vec<Range<usize>>>);

/// How far a search for words has come.
struct Sentences<'n> {
    needed: &'n Needed,
    text: &'n str,
    /// Where each sentence begins, up to the one that is read.
    starts: Vec<usize>,
    /// The sentence in which a word of each set was last met, counted from one.
    met: Vec<usize>,
    /// Patterns whose most telling words were met, and in which sentence.
    told: Vec<(usize, usize)>,
    places: Vec<Vec<Range<usize>>>,
}

// === impl Needed ===

impl Needed {
    /// For groups of patterns, in which `[ \n]` is what parts words. Where nothing can be known, a pattern may match anywhere.
    pub(super) fn of<'p>(groups: impl Iterator<Item = Vec<&'p str>>) -> Self {
        let mut sets: BTreeMap<Vec<Vec<u8>>, usize> = BTreeMap::new();
        let mut patterns = Vec::new();
        let mut count = 0;
        for (group, alike) in groups.enumerate() {
            count = group + 1;
            for pattern in alike {
                let parsed = regex_syntax::parse(&pattern.replace("[ \\n]", " ")).ok();
                let mut found = parsed.as_ref().map(needed).unwrap_or_default();
                found.retain(|words| shortest(words) >= TELLING);
                found.sort_by_key(|words| Reverse(shortest(words)));
                found.truncate(SETS);
                let crosses = parsed.as_ref().and_then(bars);
                let mut number = |mut words: Vec<Vec<u8>>| {
                    words.iter_mut().for_each(|word| word.truncate(BEGINNING));
                    let next = sets.len();
                    *sets.entry(words).or_insert(next)
                };
                patterns.push(Pattern { group, sets: found.into_iter().map(&mut number).collect(), crosses });
            }
        }
        let mut words: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        words.insert(vec![BAR], Vec::new());
        for (set, number) in &sets {
            set.iter().for_each(|word| words.entry(word.clone()).or_default().push(*number));
        }
        let mut told_by = vec![Vec::new(); sets.len()];
        for (at, pattern) in patterns.iter().enumerate() {
            if let Some(told) = pattern.sets.first().and_then(|set| told_by.get_mut(*set)) {
                told.push(at);
            }
        }
        Self {
            words: DFA::new(words.keys()).ok(),
            sets_of: words.into_values().collect(),
            told_by,
            patterns,
            groups: count,
        }
    }

    /// Where each group may match.
    pub(super) fn places(&self, text: &str) -> Places {
        let mut sentences = Sentences {
            needed: self,
            text,
            starts: vec![0],
            met: vec![0; self.told_by.len()],
            told: Vec::new(),
            places: vec![Vec::new(); self.groups],
        };
        let anywhere =
            |pattern: &&Pattern| self.words.is_none() || pattern.sets.is_empty() || pattern.crosses.is_none();
        for pattern in self.patterns.iter().filter(anywhere) {
            sentences.add(pattern.group, 0..text.len());
        }
        if let Some(words) = &self.words {
            self.read(words, text, &mut sentences);
        }
        sentences.end(text.len());
        Places(sentences.places)
    }

    /// Meets every word, and every end of a sentence.
    fn read(&self, words: &DFA, text: &str, sentences: &mut Sentences<'_>) {
        let Ok(mut state) = words.start_state(Anchored::No) else { return };
        for (at, b) in text.bytes().enumerate() {
            // a line's end parts words as a space does
            state = words.next_state(Anchored::No, state, if b == b'\n' { b' ' } else { b });
            if !words.is_special(state) || !words.is_match(state) {
                continue;
            }
            for met in 0..words.match_len(state) {
                match self.sets_of.get(words.match_pattern(state, met).as_usize()) {
                    Some(sets) if !sets.is_empty() => sets.iter().for_each(|set| sentences.meet(*set)),
                    _ => sentences.end(at + 1),
                }
            }
        }
    }
}

// === impl Places ===

impl Places {
    pub(super) fn of_group(&self, group: usize) -> &[Range<usize>] {
        self.0.get(group).map_or(&[], Vec::as_slice)
    }
}

// === impl Sentences ===

impl Sentences<'_> {
    fn meet(&mut self, set: usize) {
        let now = self.starts.len();
        let Some(met) = self.met.get_mut(set) else { return };
        let again = std::mem::replace(met, now) == now;
        if !again {
            let told = self.needed.told_by.get(set).into_iter().flatten();
            self.told.extend(told.map(|pattern| (*pattern, now)));
        }
    }

    /// Asks of each pattern that may end in the sentence that ends here whether it may stand there.
    fn end(&mut self, at: usize) {
        let now = self.starts.len();
        let mut told = std::mem::take(&mut self.told);
        told.retain(|(pattern, since)| {
            let Some(Pattern { group, sets, crosses: Some(crosses) }) = self.needed.patterns.get(*pattern)
            else {
                return false;
            };
            let first = now.saturating_sub(*crosses).max(1);
            if sets.iter().all(|set| self.met.get(*set).is_some_and(|met| *met >= first)) {
                let start = self.starts.get(first - 1).copied().unwrap_or_default();
                // with the sign before and the one after it, which patterns may begin and end with
                let start = self.text.get(..start).and_then(|before| before.char_indices().next_back());
                let end = self.text.get(at..).and_then(|after| after.chars().next());
                self.add(*group, start.map_or(0, |(start, _)| start)..at + end.map_or(0, char::len_utf8));
            }
            since.saturating_add(*crosses) > now
        });
        self.told = told;
        self.starts.push(at);
    }

    /// Places come in the order of their ends.
    fn add(&mut self, group: usize, place: Range<usize>) {
        let Some(places) = self.places.get_mut(group) else { return };
        let mut place = place;
        while let Some(last) = places.pop_if(|last| last.end >= place.start) {
            place = last.start.min(place.start)..last.end.max(place.end);
        }
        places.push(place);
    }
}

/// Ends of sentences that a match may hold at most; nothing, if there is no bound.
fn bars(pattern: &Hir) -> Option<usize> {
    Some(match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(word) => memchr::memchr_iter(BAR, &word.0).count(),
        HirKind::Class(Class::Unicode(class)) => {
            usize::from(class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(BAR))))
        }
        HirKind::Class(Class::Bytes(class)) => {
            usize::from(class.iter().any(|range| (range.start()..=range.end()).contains(&BAR)))
        }
        HirKind::Repetition(inner) => match bars(&inner.sub)? {
            0 => 0,
            each => each.checked_mul(usize::try_from(inner.max?).ok()?)?,
        },
        HirKind::Capture(inner) => bars(&inner.sub)?,
        HirKind::Concat(parts) => parts.iter().map(bars).sum::<Option<usize>>()?,
        HirKind::Alternation(ways) => ways.iter().map(bars).collect::<Option<Vec<_>>>()?.into_iter().max()?,
    })
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
    fn only_where_a_pattern_may_match_it_is_tried() {
        let groups = [
            vec!["(?:ignore|forget)[a-z ]* rules"],
            vec!["password", "pass word"],
            vec!["[a-z]"],
            vec!["never[a-z |]{0,3}mind"],
        ];
        let needed = Needed::of(groups.into_iter());
        let check = |text: &str, expected: [&[&str]; 4]| {
            let places = needed.places(text);
            let found = [0, 1, 2, 3].map(|group| {
                places
                    .of_group(group)
                    .iter()
                    .map(|place| text.get(place.clone()).unwrap())
                    .collect::<Vec<_>>()
            });
            assert_eq!(found.each_ref().map(Vec::as_slice), expected, "{text}");
        };
        let all = "forget the password and all rules";
        check(all, [&[all], &[all], &[all], &[]]);
        check(
            "no|forget the password|no rules",
            [&[], &["|forget the password|n"], &["no|forget the password|no rules"], &[]],
        );
        check("no rules", [&[], &[], &["no rules"], &[]]);
        check("é|never|mind|é", [&[], &[], &["é|never|mind|é"], &["é|never|mind|é"]]);
        check("never|or|x|y|mind", [&[], &[], &["never|or|x|y|mind"], &[]]);
    }
}
