//! What the model counts in a text. Every feature stands at one word, so the evidence of any passage is a sum.

use super::tokens::Token;

/// Buckets of the hashed features.
pub(crate) const BUCKETS: u32 = 1 << 18;

/// How far apart two words may be to be seen together, in words.
const REACH: usize = 7;

/// The bits of the words that are seen together with one and do not stand right before it.
const WITHIN_REACH: u64 = (1 << (REACH + 1)) - 0b100;

/// A feature that comes again within this many words counts once: repeating a word is no evidence.
const AGAIN: u32 = 64;

/// Passes every feature of a text to `found`: the word it ends at, and its bucket.
pub(crate) fn each(tokens: &[Token<'_>], found: &mut impl FnMut(usize, u32)) {
    let mut features = Features::of(tokens);
    for at in 0..tokens.len() {
        features.ending_at(at, &mut |bucket| found(at, bucket));
    }
}

/// The features of a text, word by word.
pub(crate) struct Features<'t> {
    tokens: &'t [Token<'t>],
    /// When some features were last met, each at the place that its bucket has here. Direct-mapped: what shares a place
    /// forgets, and then counts twice.
    recent: Vec<u32>,
    /// Which of the last words are of some class: the last is the lowest bit.
    of_classes: u32,
}

/// How many features are remembered.
const RECENT: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 11;

/// The bits of a word's place that are remembered; those of a bucket that its own place does not tell are above them.
const PLACE_BITS: u32 = 25;

// The rest of a bucket fits beside the place of a word.
const _: () = assert!(BUCKETS >> RECENT_BITS <= 1 << (32 - PLACE_BITS));

/// The bucket of words of a class, wherever in a sentence.
pub(crate) fn of_class(class: u32) -> u32 {
    bucket(7, class, 0)
}

// === impl Features ===

impl<'t> Features<'t> {
    pub(crate) fn of(tokens: &'t [Token<'t>]) -> Self {
        Self { tokens, recent: vec![0; RECENT], of_classes: 0 }
    }

    /// Passes the bucket of each feature that ends at a word to `found`. Words are asked for in their order.
    pub(crate) fn ending_at(&mut self, at: usize, found: &mut impl FnMut(u32)) {
        // nothing was met before the first word
        #[expect(clippy::cast_possible_truncation, reason = "only how far apart two words are is asked for")]
        let now = (at as u32).wrapping_add(AGAIN) & ((1 << PLACE_BITS) - 1);
        let has_class = self.tokens.get(at).is_some_and(|token| token.classes != 0);
        self.of_classes = self.of_classes << 1 | u32::from(has_class);
        let Self { tokens, recent, of_classes } = self;
        each_ending_at(tokens, at, *of_classes, &mut |bucket| {
            if let Some(seen) = recent.get_mut(bucket as usize % RECENT) {
                let met = bucket >> RECENT_BITS << PLACE_BITS | now;
                // another bucket is farther away than any word
                let again = met.wrapping_sub(*seen) < AGAIN;
                *seen = met;
                if !again {
                    found(bucket);
                }
            }
        });
    }
}

fn each_ending_at(tokens: &[Token<'_>], at: usize, of_classes: u32, found: &mut impl FnMut(u32)) {
    let Some(token) = tokens.get(at) else { return };
    let Hashes { word, stem } = token.hashes;
    let before = |back: usize| at.checked_sub(back).and_then(|i| tokens.get(i)).map_or(1, |t| t.hashes.word);
    let (one, two) = (before(1), before(2));
    found(bucket(1, word, 0));
    found(bucket(2, one, word));
    found(bucket(3, two, word));
    found(bucket(4, mix(two, one), word));
    if token.first {
        found(bucket(5, word, 0));
    }
    if token.text.len() > STEM {
        found(bucket(6, stem, 0));
    }
    if token.classes == 0 {
        return;
    }
    let previous = at.checked_sub(1).and_then(|i| tokens.get(i));
    for class in bits(token.classes) {
        found(bucket(7, class, u32::from(token.first)));
        found(bucket(8, class, one));
        if let Some(previous) = previous {
            for other in bits(previous.classes) {
                found(bucket(9, other, class));
            }
        }
    }
    let mut nearer = 0;
    let mut triples = 0;
    for back in bits(u64::from(of_classes) & WITHIN_REACH) {
        let back = back as usize;
        let Some(other) = at.checked_sub(back).and_then(|i| tokens.get(i)) else { break };
        let distance = if back <= 3 { 10 } else { 11 };
        for class in bits(token.classes) {
            for farther in bits(other.classes) {
                found(bucket(distance, farther, class));
            }
        }
        if nearer != 0 && triples < 2 {
            triples += 1;
            for class in bits(token.classes) {
                for middle in bits(nearer) {
                    for farther in bits(other.classes) {
                        found(bucket(12, farther << 16 | middle << 8, class));
                    }
                }
            }
        }
        nearer = other.classes;
    }
}

/// What counts for a word: the hash of it, the same on every machine, and that of its first characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hashes {
    word: u32,
    stem: u32,
}

/// The hashes of a word of ASCII, while it is read.
pub(super) struct Hashing {
    so_far: u32,
    has_digit: bool,
    stem: u32,
}

/// Characters of a stem.
const STEM: usize = 5;

/// The hash of a number: which it is says nothing, nor which codes a word with digits is.
const NUMBER: u32 = with(BASIS, b'0');

// === impl Hashes ===

impl Hashes {
    pub(super) fn of(word: &str) -> Self {
        if word.is_ascii() {
            let mut hashing = Hashing::default();
            word.bytes().zip(1..).for_each(|(b, length)| hashing.go_on(length, b, b.is_ascii_digit()));
            return hashing.end();
        }
        let stem = word.char_indices().nth(STEM).map_or(word.len(), |(end, _)| end);
        Self { word: hash(word), stem: hash(word.get(..stem).unwrap_or_default()) }
    }
}

// === impl Hashing ===

impl Default for Hashing {
    fn default() -> Self {
        Self { so_far: BASIS, has_digit: false, stem: BASIS }
    }
}

impl Hashing {
    /// Goes on with a byte, with which the word is so long.
    pub(super) fn go_on(&mut self, length: usize, b: u8, is_digit: bool) {
        self.so_far = with(self.so_far, b);
        self.has_digit |= is_digit;
        if length == STEM {
            self.stem = self.read();
        }
    }

    pub(super) const fn end(&self) -> Hashes {
        Hashes { word: self.read(), stem: self.stem }
    }

    const fn read(&self) -> u32 {
        if self.has_digit { NUMBER } else { self.so_far }
    }
}

fn hash(word: &str) -> u32 {
    // FNV-1a
    if word.bytes().any(|b| b.is_ascii_digit()) { NUMBER } else { word.bytes().fold(BASIS, with) }
}

const BASIS: u32 = 0x811c_9dc5;

const fn with(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

fn mix(a: u32, b: u32) -> u32 {
    (a.rotate_left(13) ^ b.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35)
}

fn bucket(kind: u32, a: u32, b: u32) -> u32 {
    let mut h = mix(mix(kind.wrapping_mul(0x9e37_79b9), a), b);
    h ^= h >> 15;
    h = h.wrapping_mul(0x846c_a68b);
    h ^= h >> 13;
    h % BUCKETS
}

fn bits(mut classes: u64) -> impl Iterator<Item = u32> + Clone {
    std::iter::from_fn(move || {
        let lowest = (classes != 0).then(|| classes.trailing_zeros())?;
        classes &= classes - 1;
        Some(lowest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every feature, and where it was last met beside it.
    fn each_in_pairs(tokens: &[Token<'_>]) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        let mut recent = vec![None; RECENT];
        for at in 0..tokens.len() {
            let has_class = |back: usize| at >= back && tokens[at - back].classes != 0;
            let of_classes = (0..=REACH).map(|back| u32::from(has_class(back)) << back).sum();
            each_ending_at(tokens, at, of_classes, &mut |bucket| {
                let seen = recent[bucket as usize % RECENT].replace((bucket, at));
                if seen.is_none_or(|(other, then)| other != bucket || at - then >= AGAIN as usize) {
                    found.push((at, bucket));
                }
            });
        }
        found
    }

    proptest! {
        #[test]
        fn a_feature_that_comes_again_soon_counts_once(
            words in prop::collection::vec(prop::sample::select(vec!["ignore", "rules", "a", "b", "\n", "secret", "x7"]), 0..400)
        ) {
            let text = words.join(" ");
            let tokens = super::super::tokens::tokens(&text);
            let mut found = Vec::new();
            each(&tokens, &mut |at, bucket| found.push((at, bucket)));
            prop_assert_eq!(found, each_in_pairs(&tokens));
        }

        #[test]
        fn a_stem_is_hashed_as_a_word_is(word in "[a-c0é忽'_]{0,12}") {
            let stem: String = word.chars().take(STEM).collect();
            let hashes = Hashes::of(&word);
            prop_assert_eq!(hashes.word, hash(&word));
            if word.len() > STEM {
                prop_assert_eq!(hashes.stem, hash(&stem));
            }
        }
    }
}
