//! Common English words: what a disguised text must turn into to be worth a second reading.
//!
//! The list is ours: the commonest words, and those that orders to a program are made of.

mod glued;

use std::{collections::BTreeMap, sync::LazyLock};

pub(super) use self::glued::{parted, unglued};
use super::{
    respell::{all_by, from_the_end},
    table::Table,
};

/// The letters of the longest word: a word is looked up as the number that its letters are.
pub(super) const LONGEST: usize = 16;

static WORDS: LazyLock<Words> = LazyLock::new(Words::new);

struct Words {
    words: Table<Sort>,
    /// What words begin with, to their end.
    beginnings: Hashes,
    /// The first and last letters and the lengths of words of five letters and more.
    ends: Ends,
    /// These words by their first and last letter and the letters between, in any order.
    scrambled: Table<&'static str>,
}

/// What some letters are.
#[derive(Clone, Copy, Default)]
pub(super) struct Sort {
    /// A common word.
    pub(super) is_word: bool,
    /// One that no order to an assistant does without.
    pub(super) is_of_orders: bool,
    /// A common word from its end, and one turned by thirteen.
    pub(super) is_from_the_end: bool,
    pub(super) is_by_thirteen: bool,
}

/// Words of which a sentence with several is read in the other direction too.
const OF_ORDERS: [&str; 14] = [
    "ignore",
    "disregard",
    "forget",
    "previous",
    "prior",
    "instructions",
    "instruction",
    "prompt",
    "reveal",
    "password",
    "system",
    "send",
    "files",
    "please",
];

/// What tells soon that most letters begin no word: a bit for each hash, small enough to stay at hand.
struct Hashes(Box<[u64; HASHES / 64]>);

/// Bits for hashes: some twenty for each word.
const HASHES: usize = 1 << 15;

/// Every one, in any order.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    include_str!("vocabulary.txt").split_whitespace()
}

/// The number that the letters of a word are, the first the lowest. A word that is longer than any common one has none.
pub(super) fn number(word: &[u8]) -> Option<u128> {
    // Letters that overlap are the same letters.
    let ends = match word.len() {
        0 => 0,
        length @ 1..4 => {
            let letter = |at: usize| word.get(at).map_or(0, |b| u128::from(*b) << (8 * at));
            letter(0) | letter(length / 2) | letter(length - 1)
        }
        length @ 4..8 => {
            let (first, last) = (word.first_chunk()?, word.last_chunk()?);
            u128::from(u32::from_le_bytes(*first))
                | u128::from(u32::from_le_bytes(*last)) << (8 * (length - 4))
        }
        length @ 8..=LONGEST => {
            let (first, last) = (word.first_chunk()?, word.last_chunk()?);
            u128::from(u64::from_le_bytes(*first))
                | u128::from(u64::from_le_bytes(*last)) << (8 * (length - 8))
        }
        _ => return None,
    };
    Some(ends)
}

/// Whether a lower-case word is a common one.
pub(super) fn knows(word: &[u8]) -> bool {
    number(word).is_some_and(is_word)
}

/// Whether a number is that of a common word.
pub(super) fn is_word(number: u128) -> bool {
    sort(number).is_word
}

/// What the letters are that a number stands for.
#[inline]
pub(super) fn sort(number: u128) -> Sort {
    WORDS.words.get(number).copied().unwrap_or_default()
}

/// Whether some common word may begin with the letters of a number; surely not, if this says so.
#[inline]
pub(super) fn may_begin_a_word(number: u128) -> bool {
    WORDS.beginnings.may_have(folded(number))
}

/// The word whose inner letters are shuffled here.
pub(super) fn unscrambled(word: &[u8]) -> Option<&'static str> {
    if !(5..=LONGEST).contains(&word.len()) {
        return None;
    }
    if !WORDS.ends.may_have(word) {
        return None;
    }
    WORDS.scrambled.get(shape(word).into()).copied().filter(|known| known.len() == word.len())
}

/// The same for each order of the inner letters.
fn shape(word: &[u8]) -> u64 {
    let spread = |b: &u8| u64::from(*b).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(u32::from(*b));
    let [first, between @ .., last] = word else { return 0 };
    let ends = u64::from(*first) << 8 | u64::from(*last);
    between.iter().map(spread).fold(ends, u64::wrapping_add)
}

// === impl Words ===

impl Words {
    fn new() -> Self {
        let mut words: BTreeMap<u128, Sort> = BTreeMap::new();
        for (word, number) in all().filter_map(|word| Some((word, number(word.as_bytes())?))) {
            let sort = words.entry(number).or_default();
            sort.is_word = true;
            sort.is_of_orders = OF_ORDERS.contains(&word);
            words.entry(from_the_end(word.len(), number)).or_default().is_from_the_end = true;
            words.entry(all_by(number, 13)).or_default().is_by_thirteen = true;
        }
        let mut beginnings = Hashes::none();
        for word in all() {
            let lengths = 1..=word.len();
            let heads = lengths.filter_map(|length| number(word.as_bytes().get(..length)?));
            heads.for_each(|head| beginnings.add(folded(head)));
        }
        let long = || all().filter(|word| word.len() >= 5);
        let scrambled: BTreeMap<u128, _> = long().map(|word| (shape(word.as_bytes()).into(), word)).collect();
        Self {
            words: Table::of(words.into_iter()),
            beginnings,
            ends: Ends::of(long()),
            scrambled: Table::of(scrambled.into_iter()),
        }
    }
}

/// The lengths that words have, each a bit, by their first and last letters.
struct Ends(Box<[u32; 1 << 10]>);

// === impl Ends ===

impl Ends {
    fn of(words: impl Iterator<Item = &'static str>) -> Self {
        let mut ends = Self(Box::new([0; 1 << 10]));
        for (at, length) in words.filter_map(|word| Self::place(word.as_bytes())) {
            ends.0.iter_mut().skip(at).take(1).for_each(|lengths| *lengths |= length);
        }
        ends
    }

    /// Whether some word may have this length and these ends; surely not, if this says so.
    fn may_have(&self, word: &[u8]) -> bool {
        Self::place(word)
            .is_some_and(|(at, length)| self.0.get(at).is_some_and(|lengths| lengths & length != 0))
    }

    fn place(word: &[u8]) -> Option<(usize, u32)> {
        let (first, last) = (word.first()?.wrapping_sub(b'a'), word.last()?.wrapping_sub(b'a'));
        let length = u32::try_from(word.len()).ok().filter(|_| first < 26 && last < 26)?;
        Some((usize::from(first) << 5 | usize::from(last), 1_u32.checked_shl(length)?))
    }
}

/// Both halves of a number in one.
const fn folded(number: u128) -> u64 {
    number as u64 ^ ((number >> 64) as u64).rotate_left(29)
}

// === impl Hashes ===

impl Hashes {
    fn none() -> Self {
        Self(Box::new([0; HASHES / 64]))
    }

    fn add(&mut self, key: u64) {
        let (at, bit) = Self::place(key);
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= bit;
        }
    }

    fn may_have(&self, key: u64) -> bool {
        let (at, bit) = Self::place(key);
        self.0.get(at).is_some_and(|bits| bits & bit != 0)
    }

    const fn place(key: u64) -> (usize, u64) {
        let hash = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % HASHES;
        (hash / 64, 1 << (hash % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_begins_with_each_of_its_beginnings() {
        for word in all() {
            for length in 1..=word.len().min(LONGEST) {
                assert!(may_begin_a_word(number(&word.as_bytes()[..length]).unwrap()), "{word} {length}");
            }
        }
        let none = ["xqzz", "wrtl", "aaaab", "thetheth"];
        assert!(none.iter().filter(|no| may_begin_a_word(number(no.as_bytes()).unwrap())).count() <= 1);
    }

    #[test]
    fn shuffled_letters_are_put_back() {
        assert_eq!(unscrambled(b"insturctions"), Some("instructions"));
        assert_eq!(unscrambled(b"instructions"), Some("instructions"));
        assert_eq!(unscrambled(b"teh"), None);
        assert_eq!(unscrambled(b"qwertz"), None);
        for word in all().filter(|word| word.len() >= 5) {
            let mut shuffled = word.as_bytes().to_vec();
            shuffled[1..word.len() - 1].reverse();
            // two words may have the same letters
            let shape_of = |word: &str| shape(word.as_bytes());
            assert_eq!(unscrambled(&shuffled).map(shape_of), Some(shape_of(word)), "{word}");
        }
    }
}
