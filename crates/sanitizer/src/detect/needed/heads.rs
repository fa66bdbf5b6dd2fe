//! Where words of a list stand in a text: nearly everywhere, the next few letters say that none begins there.

use super::{BAR, BEGINNING, TELLING};

/// The words, each of three letters to six, by what they begin with.
pub(super) struct Heads {
    /// A bit for each hash of four letters that a word begins with, or of the three that it consists of.
    hashes: Box<[u64; HASHES / 64]>,
    /// Where the words begin whose first three letters have each hash; those of the last end with them all.
    starts: Vec<u16>,
    words: Vec<Word>,
}

struct Word {
    /// Its letters as a number, the first the lowest.
    letters: u64,
    /// The bits of them.
    mask: u64,
    number: usize,
}

/// What is met in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// A word, by its number in the list.
    Word(usize),
    /// The end of a sentence, by its place.
    Bar(usize),
}

/// Bits for hashes: some thirty for each word.
const HASHES: usize = 1 << 15;

/// Hashes of three letters.
const OF_THREE: usize = 1 << 10;

/// Letters that are read at once.
const WIDE: usize = 8;

/// Bytes of a text that are made ready at once.
const PIECE: usize = 4096;

// Every word fits into what is read at once, and has the letters by which it is found.
const _: () = assert!(BEGINNING <= WIDE && TELLING >= 3);

// === impl Heads ===

impl Heads {
    /// Of words in any order; a space stands for a line's end too.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w [u8]>) -> Self {
        let word = |(number, word): (usize, &[u8])| {
            let letters = word.iter().rev().fold(0, |letters, b| letters << 8 | u64::from(*b));
            Word { letters, mask: (1 << (8 * word.len())) - 1, number }
        };
        let mut words: Vec<Word> = words.enumerate().map(word).collect();
        words.sort_by_key(|word| of_three(word.letters));
        let before = |hash: usize| words.partition_point(|word| of_three(word.letters) < hash);
        let starts = (0..=OF_THREE).map(|hash| u16::try_from(before(hash)).unwrap_or(u16::MAX)).collect();
        let mut hashes = Box::new([0; HASHES / 64]);
        for Word { letters, mask, .. } in &words {
            let has_four = mask >> 24 != 0;
            let (at, bit) = place(if has_four { four(*letters) } else { three(*letters) });
            hashes.iter_mut().skip(at).take(1).for_each(|bits| *bits |= 1 << bit);
        }
        Self { hashes, starts, words }
    }

    /// Passes every word and every end of a sentence to `met`, in the order in which they begin.
    pub(super) fn read(&self, text: &str, met: &mut impl FnMut(Met)) {
        let bytes = text.as_bytes();
        let mut ready = [0; PIECE + WIDE];
        for start in (0..bytes.len()).step_by(PIECE) {
            let piece = bytes.get(start..).unwrap_or_default();
            let piece = piece.get(..ready.len()).unwrap_or(piece);
            // a line's end parts words as a space does
            for (ready, b) in ready.iter_mut().zip(piece) {
                *ready = if *b == b'\n' { b' ' } else { *b };
            }
            ready.iter_mut().skip(piece.len()).for_each(|ready| *ready = 0);
            for (at, letters) in ready.windows(WIDE).take(piece.len().min(PIECE)).enumerate() {
                let letters = letters.first_chunk().map_or(0, |letters| u64::from_le_bytes(*letters));
                if self.may_begin(letters) {
                    self.begin(letters).for_each(|word| met(Met::Word(word.number)));
                } else if letters as u8 == BAR {
                    met(Met::Bar(start + at));
                }
            }
        }
    }

    fn may_begin(&self, letters: u64) -> bool {
        let bit = |key: u32| {
            let (at, bit) = place(key);
            self.hashes.get(at).map_or(0, |bits| bits >> bit)
        };
        (bit(four(letters)) | bit(three(letters))) & 1 != 0
    }

    /// The words that some letters begin with.
    fn begin(&self, letters: u64) -> impl Iterator<Item = &Word> {
        let start = |hash: usize| self.starts.get(hash).map_or(0, |start| usize::from(*start));
        let hash = of_three(letters);
        let alike = self.words.get(start(hash)..start(hash + 1)).unwrap_or_default();
        alike.iter().filter(move |word| letters & word.mask == word.letters)
    }
}

/// The first four letters.
#[expect(clippy::cast_possible_truncation, reason = "the others are not asked for")]
const fn four(letters: u64) -> u32 {
    letters as u32
}

/// The first three.
const fn three(letters: u64) -> u32 {
    four(letters) << 8
}

/// The place of the bit of some letters.
const fn place(letters: u32) -> (usize, u32) {
    let hash = letters.wrapping_mul(0x9e37_79b1) >> 17;
    (hash as usize / 64, hash % 64)
}

const fn of_three(letters: u64) -> usize {
    (three(letters).wrapping_mul(0x9e37_79b1) >> 22) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 9] = ["ignore", " all", "all", "allow", "give", "you", "you ar", "忽略", "ore"];

    proptest! {
        #[test]
        fn whatever_stands_in_a_text_is_met_where_it_begins(
            parts in prop::collection::vec(prop::sample::select([&WORDS[..], &["|", "\n", " ", "x", "é", "ig", "yo"]].concat()), 0..40),
            before in 0..2 * PIECE,
        ) {
            let text = format!("{}{}", "-".repeat(before), parts.concat());
            let mut met = Vec::new();
            Heads::of(WORDS.iter().map(|word| word.as_bytes())).read(&text, &mut |word| met.push(word));
            let plain = text.replace('\n', " ");
            let mut expected = Vec::new();
            for at in 0..plain.len() {
                let rest = &plain.as_bytes()[at..];
                expected.extend((0..WORDS.len()).filter(|word| rest.starts_with(WORDS[*word].as_bytes())).map(Met::Word));
                expected.extend(rest.starts_with(b"|").then_some(Met::Bar(at)));
            }
            let sorted = |mut met: Vec<Met>| {
                for alike in met.chunk_by_mut(|a, b| matches!((a, b), (Met::Word(_), Met::Word(_)))) {
                    alike.sort_by_key(|met| match met { Met::Word(word) => *word, Met::Bar(_) => 0 });
                }
                met
            };
            prop_assert_eq!(sorted(met), sorted(expected));
        }
    }
}
