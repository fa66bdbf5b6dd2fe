//! What a pattern cannot match without: where a few words stand tells of nearly all of a text that no pattern need be tried
//! there.

mod heads;
mod pattern;

use std::{cmp::Reverse, collections::BTreeMap, ops::Range};

use self::{
    heads::{Heads, Met},
    pattern::{Words, bars, needed, shortest, without_gap},
};

/// Shorter words are in every text. What parts a word from the one before it counts, since words begin with it less often
/// than they hold its letters.
const TELLING: usize = 3;

/// Sets of words that one pattern is known by at most.
const SETS: usize = 3;

/// Bytes of a word by which it is known.
const BEGINNING: usize = 6;

/// What parts sentences. No word that is looked for holds one.
const BAR: u8 = b'|';

/// Where some patterns may match a text whose sentences end with `|`.
pub(super) struct Needed {
    words: Heads,
    /// The sets that each word is in.
    sets_of: Vec<Vec<usize>>,
    /// The patterns that a set is the most telling of.
    told_by: Vec<Vec<usize>>,
    patterns: Vec<Pattern>,
    /// The groups of patterns that may match anywhere.
    anywhere: Vec<usize>,
    groups: usize,
}

struct Pattern {
    group: usize,
    /// Of each of these, every match has a word; the most telling first.
    sets: Vec<usize>,
    /// Ends of sentences that a match may hold at most; nothing, if there is no bound.
    crosses: Option<usize>,
}

/// For each group of patterns, the places of a text where one of them may match, in order and apart; for none, if there are
/// none.
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
        let mut sets: BTreeMap<Words, usize> = BTreeMap::new();
        let mut patterns = Vec::new();
        let mut count = 0;
        for (group, alike) in groups.enumerate() {
            count = group + 1;
            for pattern in alike {
                let parsed = regex_syntax::parse(&pattern.replace("[ \\n]", " ")).ok();
                let mut found = parsed.as_ref().map(needed).unwrap_or_default();
                let holds_bar = |words: &[Vec<u8>]| words.iter().any(|word| word.contains(&BAR));
                found.retain(|words| shortest(words) >= TELLING && !holds_bar(words));
                found.sort_by_key(|words| Reverse(shortest(words)));
                found.truncate(SETS);
                let crosses = parsed.as_ref().and_then(bars);
                let mut number = |mut words: Words| {
                    for word in &mut words {
                        *word = without_gap(word).iter().take(BEGINNING).copied().collect();
                    }
                    let next = sets.len();
                    *sets.entry(words).or_insert(next)
                };
                patterns.push(Pattern { group, sets: found.into_iter().map(&mut number).collect(), crosses });
            }
        }
        let mut words: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
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
            words: Heads::of(words.keys().map(Vec::as_slice)),
            sets_of: words.into_values().collect(),
            told_by,
            anywhere: patterns
                .iter()
                .filter(|pattern| pattern.is_unbound())
                .map(|pattern| pattern.group)
                .collect(),
            patterns,
            groups: count,
        }
    }

    /// Where each group may match.
    pub(super) fn places(&self, text: &str) -> Places {
        let mut sentences = Sentences {
            needed: self,
            text,
            starts: Vec::with_capacity(32),
            met: vec![0; self.told_by.len()],
            told: Vec::new(),
            places: Vec::new(),
        };
        sentences.starts.push(0);
        for group in &self.anywhere {
            sentences.add(*group, 0..text.len());
        }
        self.words.read(text, &mut |met| match met {
            Met::Word(word) => {
                self.sets_of.get(word).into_iter().flatten().for_each(|set| sentences.meet(*set));
            }
            Met::Bar(at) => sentences.end(at + 1),
        });
        sentences.end(text.len());
        Places(sentences.places)
    }
}

// === impl Pattern ===

impl Pattern {
    /// Whether nothing is known of where it may match.
    const fn is_unbound(&self) -> bool {
        self.sets.is_empty() || self.crosses.is_none()
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
        if std::mem::replace(met, now) != now {
            for pattern in self.needed.told_by.get(set).into_iter().flatten() {
                self.told.push((*pattern, now));
            }
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
        // most texts have none
        self.places.resize_with(self.needed.groups, Vec::new);
        let Some(places) = self.places.get_mut(group) else { return };
        let mut place = place;
        while let Some(last) = places.pop_if(|last| last.end >= place.start) {
            place = last.start.min(place.start)..last.end.max(place.end);
        }
        places.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_a_pattern_may_match_it_is_tried() {
        let groups = [
            vec!["\\b(?:ignore|forget)[a-z ]* rules"],
            vec!["\\bpassword", "\\bpass word"],
            vec!["[a-z]"],
            vec!["\\bnever[ |]{1,3}mind"],
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
