//! Where words of a list stand in a text: most words of a text begin with four letters that none of the list begins with.

use super::{BAR, BEGINNING, TELLING};

/// The words, each of two letters to six, by what they begin with.
pub(super) struct Heads {
    /// A bit for each hash of four letters that a word begins with, or of the two or three that it consists of.
    hashes: Box<[u64; HASHES / 64]>,
    /// Where the words begin whose first two letters have each hash; those of the last end with them all.
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

/// Hashes of two letters.
const OF_TWO: usize = 1 << 10;

/// Letters that are read at once.
const WIDE: usize = 8;

// Every word fits into what is read at once, and has the letters by which it is found.
const _: () = assert!(BEGINNING <= WIDE && TELLING == 3);

// === impl Heads ===

impl Heads {
    /// Of words in any order; a space stands for a line's end too.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w [u8]>) -> Self {
        let mut words: Vec<Word> =
            words.enumerate().flat_map(|(number, word)| Word::of(number, word)).collect();
        words.sort_by_key(|word| of_two(word.letters));
        let before = |hash: usize| words.partition_point(|word| of_two(word.letters) < hash);
        let starts = (0..=OF_TWO).map(|hash| u16::try_from(before(hash)).unwrap_or(u16::MAX)).collect();
        let mut hashes = Box::new([0; HASHES / 64]);
        for Word { letters, mask, .. } in &words {
            let (at, bit) = place(match mask >> 16 {
                0 => two(*letters),
                0xff => three(*letters),
                _ => four(*letters),
            });
            hashes.iter_mut().skip(at).take(1).for_each(|bits| *bits |= 1 << bit);
        }
        Self { hashes, starts, words }
    }

    /// Passes every word that stands where a word of the text begins, and every end of a sentence, to `met`, in the order
    /// in which they begin.
    pub(super) fn read(&self, text: &str, met: &mut impl FnMut(Met)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(b) = bytes.get(at) {
            let letters = letters_at(bytes, at);
            if self.may_begin(letters) {
                self.begin(letters).for_each(|word| met(Met::Word(word.number)));
            }
            // Letters of other alphabets may follow on words of a list without a space.
            if !b.is_ascii() {
                at += b.leading_ones() as usize;
                continue;
            }
            let mut end = end_of_word(letters);
            at += end;
            while end == WIDE {
                end = end_of_word(letters_at(bytes, at));
                at += end;
            }
            match bytes.get(at) {
                Some(&BAR) => met(Met::Bar(at)),
                Some(b) if !b.is_ascii() => continue,
                _ => {}
            }
            at += 1;
        }
    }

    fn may_begin(&self, letters: u64) -> bool {
        let bit = |key: u32| {
            let (at, bit) = place(key);
            self.hashes.get(at).map_or(0, |bits| bits >> bit)
        };
        (bit(four(letters)) | bit(three(letters)) | bit(two(letters))) & 1 != 0
    }

    /// The words that some letters begin with.
    fn begin(&self, letters: u64) -> impl Iterator<Item = &Word> {
        let start = |hash: usize| self.starts.get(hash).map_or(0, |start| usize::from(*start));
        let hash = of_two(letters);
        let alike = self.words.get(start(hash)..start(hash + 1)).unwrap_or_default();
        alike.iter().filter(move |word| letters & word.mask == word.letters)
    }
}

// === impl Word ===

impl Word {
    /// A word as it may be written: each of its spaces may be a line's end.
    fn of(number: usize, word: &[u8]) -> Vec<Self> {
        let mut ways = vec![0];
        for (at, b) in word.iter().enumerate() {
            let with = |b: u8| move |letters: &u64| letters | u64::from(b) << (8 * at);
            let broken: Vec<u64> = ways.iter().filter(|_| *b == b' ').map(with(b'\n')).collect();
            ways = ways.iter().map(with(*b)).chain(broken).collect();
        }
        let mask = (1 << (8 * word.len())) - 1;
        ways.into_iter().map(|letters| Self { letters, mask, number }).collect()
    }
}

/// The next letters of a text, with zeros behind its end.
fn letters_at(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(letters) => u64::from_le_bytes(*letters),
        None => rest.iter().rev().fold(0, |letters, b| letters << 8 | u64::from(*b)),
    }
}

/// How many small letters and digits of ASCII come first, of eight bytes.
const fn end_of_word(letters: u64) -> usize {
    const HIGHEST: u64 = each(0x80);
    const fn each(b: u8) -> u64 {
        u64::from_le_bytes([b; WIDE])
    }
    /// The highest bit of each byte that is this one or a later one, of bytes of ASCII: none carries into the next.
    const fn from(ascii: u64, first: u8) -> u64 {
        ascii + each(0x80 - first)
    }
    let ascii = letters & !HIGHEST;
    let small = from(ascii, b'a') & !from(ascii, b'z' + 1);
    let digits = from(ascii, b'0') & !from(ascii, b'9' + 1);
    let others = (!(small | digits) | letters) & HIGHEST;
    others.trailing_zeros() as usize / 8
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

/// The first two.
const fn two(letters: u64) -> u32 {
    four(letters) << 16
}

/// The place of the bit of some letters.
const fn place(letters: u32) -> (usize, u32) {
    let hash = letters.wrapping_mul(0x9e37_79b1) >> 17;
    (hash as usize / 64, hash % 64)
}

const fn of_two(letters: u64) -> usize {
    (two(letters).wrapping_mul(0x9e37_79b1) >> 22) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 10] =
        ["ignore", "all", "allow", "give", "you", "you ar", "a b c", "忽略", "éta", "ai"];

    proptest! {
        #[test]
        fn whatever_begins_with_a_word_of_the_text_is_met_there(
            parts in prop::collection::vec(prop::sample::select([&WORDS[..], &["|", "\n", " ", "x", "é", "ig", "yo", "_", "you\nar", "a\nb c", "a b\nc"]].concat()), 0..40),
        ) {
            let text = parts.concat();
            let mut met = Vec::new();
            Heads::of(WORDS.iter().map(|word| word.as_bytes())).read(&text, &mut |word| met.push(word));
            let plain = text.replace('\n', " ");
            let mut expected = Vec::new();
            for (at, _) in plain.char_indices() {
                let (before, rest) = plain.split_at(at);
                let begins = !rest.starts_with(|c: char| c.is_ascii()) || !before.ends_with(|c: char| c.is_ascii_alphanumeric());
                expected.extend((0..WORDS.len()).filter(|word| begins && rest.starts_with(WORDS[*word])).map(Met::Word));
                expected.extend(rest.starts_with('|').then_some(Met::Bar(at)));
            }
            let sorted = |mut met: Vec<Met>| {
                for alike in met.chunk_by_mut(|a, b| matches!((a, b), (Met::Word(_), Met::Word(_)))) {
                    alike.sort_by_key(|met| match met { Met::Word(word) => *word, Met::Bar(_) => 0 });
                }
                met
            };
            prop_assert_eq!(sorted(met), sorted(expected));
        }

        #[test]
        fn a_word_ends_where_its_letters_end(bytes: [u8; WIDE]) {
            let plain = bytes.iter().position(|b| !b.is_ascii_lowercase() && !b.is_ascii_digit());
            prop_assert_eq!(end_of_word(u64::from_le_bytes(bytes)), plain.unwrap_or(WIDE));
        }
    }
}
