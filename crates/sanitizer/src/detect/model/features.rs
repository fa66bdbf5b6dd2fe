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

/// Passes every feature of a text that counts to `found`: the word it ends at, and its bucket.
pub(crate) fn each(tokens: &[Token<'_>], found: &mut impl FnMut(usize, u32)) {
    let mut features = Features::of(tokens);
    for at in 0..tokens.len() {
        features.ending_at(at, &mut |bucket, counts| {
            if counts {
                found(at, bucket);
            }
        });
    }
}

/// The features of a text, word by word.
pub(crate) struct Features<'t> {
    tokens: &'t [Token<'t>],
    /// When some features were last met, each at the place that its bucket has here. Direct-mapped: what shares a place
    /// forgets, and then counts twice.
    recent: Box<[u32; RECENT]>,
    last: Last,
}

/// The last words, as features ask for them.
struct Last {
    /// Which of them are of some class: the last is the lowest bit.
    of_classes: u32,
    /// The hashes of the last and of the one before.
    one: u32,
    two: u32,
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
        // not by way of the stack
        let recent = vec![0; RECENT].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([0; RECENT]));
        Self { tokens, recent, last: Last::default() }
    }

    /// Passes the bucket of each feature that ends at a word to `found`, and whether it counts. Words are asked for in
    /// their order.
    #[inline]
    pub(crate) fn ending_at(&mut self, at: usize, found: &mut impl FnMut(u32, bool)) {
        // nothing was met before the first word
        #[expect(clippy::cast_possible_truncation, reason = "only how far apart two words are is asked for")]
        let now = (at as u32).wrapping_add(AGAIN) & ((1 << PLACE_BITS) - 1);
        let Self { tokens, recent, last } = self;
        each_ending_at(tokens, at, last, &mut |bucket| {
            if let Some(seen) = recent.get_mut(bucket as usize % RECENT) {
                let met = bucket >> RECENT_BITS << PLACE_BITS | now;
                // another bucket is farther away than any word
                let again = met.wrapping_sub(*seen) < AGAIN;
                *seen = met;
                found(bucket, !again);
            }
        });
    }
}

// === impl Last ===

impl Default for Last {
    fn default() -> Self {
        Self { of_classes: 0, one: NO_WORD, two: NO_WORD }
    }
}

/// The hash of what stands before a text.
const NO_WORD: u32 = 1;

#[inline]
fn each_ending_at(tokens: &[Token<'_>], at: usize, last: &mut Last, found: &mut impl FnMut(u32)) {
    let Some(token) = tokens.get(at) else { return };
    let Hashes { word, stem } = token.hashes;
    let Last { one, two, .. } = *last;
    last.of_classes = last.of_classes << 1 | u32::from(token.classes != 0);
    (last.one, last.two) = (word, one);
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
    // most words are of no class
    if token.classes != 0 {
        each_of_classes(tokens.get(..=at).unwrap_or_default(), last.of_classes, one, found);
    }
}

/// The features of what the last word does, and those before it.
#[inline(never)]
fn each_of_classes(tokens: &[Token<'_>], of_classes: u32, one: u32, found: &mut impl FnMut(u32)) {
    let [before @ .., token] = tokens else { return };
    for class in bits(token.classes) {
        found(bucket(7, class, u32::from(token.first)));
        found(bucket(8, class, one));
        if let Some(previous) = before.last() {
            for other in bits(previous.classes) {
                found(bucket(9, other, class));
            }
        }
    }
    let mut nearer = 0;
    let mut triples = 0;
    for back in bits(u64::from(of_classes) & WITHIN_REACH) {
        let back = back as usize;
        let Some(other) = before.len().checked_sub(back).and_then(|i| before.get(i)) else { break };
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

/// Characters of a stem.
const STEM: usize = 5;

/// The hash of a number: which it is says nothing, nor which codes a word with digits is.
const NUMBER: u32 = with(BASIS, b'0');

// === impl Hashes ===

impl Hashes {
    pub(super) fn of(word: &str) -> Self {
        let end = match word.as_bytes().first_chunk::<STEM>() {
            None => word.len(),
            Some(stem) if stem.is_ascii() => STEM,
            Some(_) => word.char_indices().nth(STEM).map_or(word.len(), |(end, _)| end),
        };
        let (stem, ending) = word.split_at_checked(end).unwrap_or((word, ""));
        let stem = hash(BASIS, stem.as_bytes());
        Self {
            word: stem.and_then(|stem| hash(stem, ending.as_bytes())).unwrap_or(NUMBER),
            stem: stem.unwrap_or(NUMBER),
        }
    }
}

/// FNV-1a, going on from what came before. Nothing is known of what has a digit.
fn hash(before: u32, bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(before, |hash, b| (!b.is_ascii_digit()).then(|| with(hash, *b)))
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
            let hash = |back: usize| if at < back { NO_WORD } else { tokens[at - back].hashes.word };
            let has_class = |back: usize| at >= back && tokens[at - back].classes != 0;
            let of_classes = (1..=REACH).map(|back| u32::from(has_class(back)) << (back - 1)).sum();
            let mut last = Last { of_classes, one: hash(1), two: hash(2) };
            each_ending_at(tokens, at, &mut last, &mut |bucket| {
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
            let hash = |word: &str| {
                if word.bytes().any(|b| b.is_ascii_digit()) { NUMBER } else { word.bytes().fold(BASIS, with) }
            };
            prop_assert_eq!(Hashes::of(&word), Hashes { word: hash(&word), stem: hash(&stem) });
        }
    }
}
