//! `1gn0r3`: digits and signs within words as the letters they stand for.

use std::borrow::Cow;

use super::{super::vocabulary, Piece, around_changes};

pub(super) fn unleet(marks: &str) -> Option<(String, usize)> {
    let mut changed = 0;
    let pieces: Vec<_> = marks
        .split_whitespace()
        .map(|token| {
            let word = token
                .trim_end_matches(['.', ',', '!', '?', ':', ';', ')', '"'])
                .trim_start_matches(['(', '"']);
            let after = if token.ends_with(['.', '!', '?', ':', ';']) { '|' } else { ' ' };
            let read = letters(word);
            changed += usize::from(read.as_ref().is_some_and(|read| read.len() >= 3));
            match read {
                Some(read) => Piece { word: Cow::Owned(read), after, changed: true },
                None => Piece {
                    word: Cow::Borrowed(word.trim_matches(|c: char| c.is_ascii_punctuation())),
                    after,
                    changed: false,
                },
            }
        })
        .collect();
    if changed < 2 {
        return None;
    }
    around_changes(&pieces)
}

/// The common word that is meant, if there is one.
fn letters(word: &str) -> Option<String> {
    let leet = |b: u8| b.is_ascii_digit() || matches!(b, b'@' | b'$' | b'!' | b'|' | b'+' | b'(' | b'<');
    let plain = |b: u8| b.is_ascii_alphabetic();
    if word.len() > 20
        || !word.is_ascii()
        || !word.bytes().any(leet)
        || !(word.bytes().any(plain) || word.len() >= 3)
    {
        return None;
    }
    [false, true].into_iter().find_map(|other| {
        let read: String = word.bytes().map(|b| char::from(letter(b, other))).collect();
        let read = read.replace('\'', "");
        vocabulary::knows(read.as_bytes()).then_some(read)
    })
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
