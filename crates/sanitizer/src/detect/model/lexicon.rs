//! Words by what they do in a sentence.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{
    super::{table::Table, vocabulary},
    features::Hashes,
};

/// The lexicon by the first three bytes of a word: few words share them, and most words of a text have none.
pub(super) struct Lexicon {
    /// Where the entries of each hash begin; those of the last end with them all.
    starts: Vec<u16>,
    entries: Vec<Entry>,
    /// What it says of the words that most of a text consists of.
    common: Table<Known>,
}

/// What the model knows of a word by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// One bit for each class of the lexicon that it is in.
    pub(super) classes: u64,
    pub(super) hashes: Hashes,
}

struct Entry {
    /// The first eight bytes, with zeros after the last, and the bits of them that a word must have too. What is no stem
    /// must end where it ends.
    first: u64,
    mask: u64,
    /// What comes after the first eight bytes.
    rest: &'static [u8],
    /// Any ending may follow.
    is_stem: bool,
    classes: u64,
}

/// Hashes of three bytes.
const HASHES: usize = 1 << 12;

/// The hash of the first three bytes of some.
fn hash(first: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the others are not asked for")]
    let three = first as u32 & 0xff_ffff;
    (three.wrapping_mul(0x9e37_79b1) >> 20) as usize % HASHES
}

/// Names of the classes, in the order of their bits.
pub(crate) static CLASSES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines().map(|(name, _)| name).collect());

pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut words: BTreeMap<(&str, bool), u64> = BTreeMap::new();
    for (at, (_, line)) in lines().enumerate() {
        for word in line.split_whitespace() {
            let stem = word.strip_suffix('*');
            *words.entry((stem.unwrap_or(word), stem.is_some())).or_default() |= 1 << at;
        }
    }
    let entry = |((word, is_stem), classes): ((&'static str, bool), u64)| {
        let (first, rest) = parted(word);
        // the zero after the last byte of what is no stem is of the word too
        let bytes = word.len() + usize::from(!is_stem);
        let mask = if bytes < WIDE { (1 << (8 * bytes)) - 1 } else { u64::MAX };
        Entry { first, mask, rest, is_stem, classes }
    };
    let mut entries: Vec<Entry> = words.into_iter().map(entry).collect();
    entries.sort_by_key(|entry| hash(entry.first));
    let before = |of: usize| entries.partition_point(|entry| hash(entry.first) < of);
    let starts = (0..=HASHES).map(|hash| u16::try_from(before(hash)).unwrap_or(u16::MAX)).collect();
    let lexicon = Lexicon { starts, entries, common: Table::of(std::iter::empty()) };
    let in_full = lines().flat_map(|(_, line)| line.split_whitespace()).filter(|word| !word.ends_with('*'));
    let common = vocabulary::all().chain(in_full).filter(|word| word.is_ascii());
    let known = |word: &'static str| Some((vocabulary::number(word.as_bytes())?, lexicon.looked_up(word)));
    Lexicon { common: Table::of(common.filter_map(known)), ..lexicon }
});

/// Bytes of a word that are compared at once.
const WIDE: usize = 8;

/// The first eight bytes of a word, with zeros after the last, and the others.
fn parted(word: &str) -> (u64, &[u8]) {
    match word.as_bytes().split_first_chunk::<WIDE>() {
        Some((first, rest)) => (u64::from_le_bytes(*first), rest),
        None => (word.bytes().rev().fold(0, |first, b| first << 8 | u64::from(b)), &[]),
    }
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("lexicon.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
}

// === impl Lexicon ===

impl Lexicon {
    /// What is known of a word, which has this number if it is one of ASCII that has one at all.
    #[inline]
    pub(super) fn known(&self, word: &str, number: Option<u128>) -> Known {
        let common = number.and_then(|number| self.common.get(number));
        common.copied().unwrap_or_else(|| self.looked_up(word))
    }

    #[inline(never)]
    fn looked_up(&self, word: &str) -> Known {
        Known { classes: self.classes(word), hashes: Hashes::of(word) }
    }

    fn classes(&self, word: &str) -> u64 {
        let (first, rest) = parted(word);
        let fits = |entry: &&Entry| {
            let is_rest = || if entry.is_stem { rest.starts_with(entry.rest) } else { rest == entry.rest };
            first & entry.mask == entry.first && (entry.mask != u64::MAX || is_rest())
        };
        self.of(hash(first)).iter().filter(fits).fold(0, |classes, entry| classes | entry.classes)
    }

    fn of(&self, hash: usize) -> &[Entry] {
        let start = |hash: usize| self.starts.get(hash).map_or(0, |start| usize::from(*start));
        self.entries.get(start(hash)..start(hash + 1)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_by_what_they_do() {
        let class = |name: &str| 1_u64 << CLASSES.iter().position(|class| *class == name).unwrap();
        assert_eq!(LEXICON.classes("ignoring") & class("ignore"), class("ignore"));
        assert_eq!(LEXICON.classes("instructions") & class("orders"), class("orders"));
        assert_eq!(LEXICON.classes("me"), class("my"));
        assert_eq!(LEXICON.classes("banana"), 0);
        assert!(CLASSES.len() <= 64, "a class is one bit");
        assert!(LEXICON.entries.len() < usize::from(u16::MAX));
    }
}
