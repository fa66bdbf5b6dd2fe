//! What the model counts in a text. Every feature stands at one word, so the evidence of any passage is a sum.

use super::tokens::Token;

/// Buckets of the hashed features.
pub(crate) const BUCKETS: u32 = 1 << 18;

/// How far apart two words may be to be seen together, in words.
const REACH: usize = 7;

/// A feature that comes again within this many words counts once: repeating a word is no evidence.
const AGAIN: u32 = 64;

/// Passes every feature of a text to `found`: the word it ends at, and its bucket.
pub(crate) fn each(tokens: &[Token<'_>], found: &mut impl FnMut(usize, u32)) {
    let hashes: Vec<(u32, u32)> = tokens.iter().map(|token| hash_and_stem(token.text)).collect();
    // direct-mapped: what shares a place forgets, and then counts twice
    let mut recent = [(u32::MAX, 0_u32); RECENT];
    for at in 0..tokens.len() {
        #[expect(clippy::cast_possible_truncation, reason = "only how far apart two words are is asked for")]
        let now = at as u32;
        ending_at(tokens, &hashes, at, &mut |bucket| {
            if let Some(seen) = recent.get_mut(bucket as usize % RECENT) {
                let again = seen.0 == bucket && now.wrapping_sub(seen.1) < AGAIN;
                *seen = (bucket, now);
                if !again {
                    found(at, bucket);
                }
            }
        });
    }
}

/// How many features are remembered.
const RECENT: usize = 2048;

/// The bucket of words of a class, wherever in a sentence.
pub(crate) fn of_class(class: u32) -> u32 {
    bucket(7, class, 0)
}

fn ending_at(tokens: &[Token<'_>], hashes: &[(u32, u32)], at: usize, found: &mut impl FnMut(u32)) {
    let (Some(token), Some(&(word, stem))) = (tokens.get(at), hashes.get(at)) else { return };
    let before = |back: usize| at.checked_sub(back).and_then(|i| hashes.get(i)).map_or(1, |(word, _)| *word);
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
    for back in 2..=REACH {
        let Some(other) = at.checked_sub(back).and_then(|i| tokens.get(i)) else { break };
        if other.classes == 0 {
            continue;
        }
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

/// The hash of a word, the same on every machine.
pub(crate) fn hash(word: &str) -> u32 {
    // which number it is says nothing, nor which codes a word with digits is
    let word = if word.bytes().any(|byte| byte.is_ascii_digit()) { "0" } else { word };
    // FNV-1a
    word.bytes().fold(BASIS, with)
}

/// Characters of a stem.
const STEM: usize = 5;

/// The hash of a word, and that of its first characters, in one pass where it is of ASCII.
fn hash_and_stem(word: &str) -> (u32, u32) {
    if !word.is_ascii() {
        let stem = word.char_indices().nth(STEM).map_or(word.len(), |(end, _)| end);
        return (hash(word), hash(word.get(..stem).unwrap_or_default()));
    }
    let number = with(BASIS, b'0');
    let (mut so_far, mut has_digit, mut stem) = (BASIS, false, BASIS);
    for (at, byte) in word.bytes().enumerate() {
        so_far = with(so_far, byte);
        has_digit |= byte.is_ascii_digit();
        if at + 1 == STEM {
            stem = if has_digit { number } else { so_far };
        }
    }
    (if has_digit { number } else { so_far }, stem)
}

const BASIS: u32 = 0x811c_9dc5;

fn with(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
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

    proptest! {
        #[test]
        fn a_stem_is_hashed_as_a_word_is(word in "[a-c0é忽'_]{0,12}") {
            let stem: String = word.chars().take(STEM).collect();
            let (whole, of_stem) = hash_and_stem(&word);
            prop_assert_eq!(whole, hash(&word));
            if word.len() > STEM {
                prop_assert_eq!(of_stem, hash(&stem));
            }
        }
    }
}
