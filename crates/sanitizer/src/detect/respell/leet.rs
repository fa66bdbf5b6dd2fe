//! `1gn0r3`: digits and signs within words as the letters they stand for.

use std::borrow::Cow;

use super::{super::vocabulary, Piece, around_changes};
use crate::plain::{self, Kinds};

pub(super) fn unleet(marks: &str) -> Option<(String, usize)> {
    if !has_some(marks) {
        return None;
    }
    let pieces: Vec<_> = marks
        .split_whitespace()
        .map(|token| {
            let word = bare(token);
            let after = if token.ends_with(['.', '!', '?', ':', ';']) { '|' } else { ' ' };
            match letters(word) {
                Some(read) => Piece { word: Cow::Owned(read), after, changed: true },
                None => Piece {
                    word: Cow::Borrowed(word.trim_matches(|c: char| c.is_ascii_punctuation())),
                    after,
                    changed: false,
                },
            }
        })
        .collect();
    around_changes(&pieces)
}

/// Whether a few words have signs within them and are common ones once these are read. Nearly every text with signs has no
/// such word.
fn has_some(marks: &str) -> bool {
    const SOME: usize = 2;
    let bytes = marks.as_bytes();
    let (mut at, mut found) = (0, 0);
    while let Some(sign) = bytes.get(at..).and_then(|rest| plain::position(rest, is_sign)) {
        let (before, after) = bytes.split_at_checked(at + sign).unwrap_or((bytes, &[]));
        let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
        at += sign + after.iter().position(u8::is_ascii_whitespace).unwrap_or(after.len());
        let token = marks.get(start..at).filter(|token| may_hold_a_word(token.as_bytes()));
        // what else parts words is rare
        for token in token.into_iter().flat_map(str::split_whitespace) {
            found += usize::from(letters(bare(token)).is_some_and(|read| read.len() >= 3));
        }
        if found >= SOME {
            // a sign before a letter, or a digit after one
            let within = |pair: &&[u8]| match pair {
                [a, b] => {
                    is_sign(*a) && b.is_ascii_alphabetic() || a.is_ascii_alphabetic() && b.is_ascii_digit()
                }
                _ => false,
            };
            return bytes.windows(2).filter(within).take(SOME).count() == SOME;
        }
    }
    false
}

/// Whether what stands between blanks may be a word of letters and signs: nearly all dates, times and addresses are none, by
/// a sign in their midst that stands for no letter. What holds anything but ASCII is not judged here.
fn may_hold_a_word(token: &[u8]) -> bool {
    const LETTER: u8 = 1;
    const AROUND: u8 = 2;
    const OTHER: u8 = 4;
    static KINDS: Kinds = Kinds::of(&[
        (plain::SMALL, LETTER),
        (plain::CAPITALS, LETTER),
        (plain::DIGITS, LETTER),
        (b"@$!|+(<'", LETTER),
        (b".,!?:;)\"(", AROUND),
        (b"#%&*-/=>[\\]^_`{}~", OTHER),
    ]);
    let around = |b: &u8| KINDS.kind(*b) & AROUND != 0;
    let end = token.iter().rposition(|b| !around(b)).map_or(0, |last| last + 1);
    let word = token.get(..end).unwrap_or_default();
    let word = word.get(word.iter().position(|b| !around(b)).unwrap_or(end)..).unwrap_or_default();
    word.iter().all(|b| KINDS.kind(*b) & LETTER != 0) || token.iter().any(|b| KINDS.kind(*b) == 0)
}

/// A word without the punctuation around it.
fn bare(token: &str) -> &str {
    token.trim_end_matches(['.', ',', '!', '?', ':', ';', ')', '"']).trim_start_matches(['(', '"'])
}

/// The common word that is meant, if there is one.
fn letters(word: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphabetic();
    if word.len() > 20
        || !word.is_ascii()
        || !word.bytes().any(is_sign)
        || !(word.bytes().any(plain) || word.len() >= 3)
    {
        return None;
    }
    let mut ways = [[0; vocabulary::LONGEST]; 2];
    let mut length = 0;
    for (at, b) in word.bytes().filter(|b| *b != b'\'').enumerate() {
        length = at + 1;
        for (way, other) in ways.iter_mut().zip([false, true]) {
            *way.get_mut(at)? = letter(b, other);
        }
    }
    let known = ways.iter().find(|way| vocabulary::is_word(u128::from_le_bytes(**way)))?;
    Some(known.iter().take(length).map(|b| char::from(*b)).collect())
}

const fn is_sign(b: u8) -> bool {
    // none is left out by what came before, so that a processor asks after many bytes at a time
    b.is_ascii_digit()
        | (b == b'@')
        | (b == b'$')
        | (b == b'!')
        | (b == b'|')
        | (b == b'+')
        | (b == b'(')
        | (b == b'<')
}

/// Some signs stand for two letters.
const fn letter(b: u8, other: bool) -> u8 {
    match (b, other) {
        (b'0', _) => b'o',
        (b'1' | b'!', false) | (b'|', true) => b'i',
        (b'1' | b'!', true) | (b'|', false) => b'l',
        (b'2', _) => b'z',
        (b'3', _) => b'e',
        (b'4' | b'@', _) => b'a',
        (b'5' | b'$', _) => b's',
        (b'6', false) | (b'9', _) => b'g',
        (b'6', true) | (b'8', _) => b'b',
        (b'7' | b'+', _) => b't',
        (b'(' | b'<', _) => b'c',
        (b, _) => b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn what_may_hold_no_word_holds_none(
            parts in prop::collection::vec(prop::sample::select(vec![
                "1gn0r3", "s3nd", "p@ss", "m3", "f1le$", "(", "<", "!", "\"", ".", ",", "'", "/", "-", "é", "\u{a0}", "\u{b}", "2002",
            ]), 0..6)
        ) {
            let token = parts.concat();
            let found = token.split_whitespace().any(|token| letters(bare(token)).is_some());
            prop_assert!(!found || may_hold_a_word(token.as_bytes()), "{}", token);
        }
    }
}
