//! Characters by their numbers: hexadecimal, decimal, octal and binary, with whatever stands between.

use super::{as_text, context};
use crate::{
    mail::hex_digit,
    plain::{self, Kinds},
};

/// Fewer characters are no message.
const CHARACTERS: usize = 6;

/// Every sequence of numbers that spells words, with what stands before it.
pub(super) fn decoded(text: &str) -> Option<String> {
    // each letter's number has a digit, whatever its base
    if text.bytes().filter(u8::is_ascii_digit).take(CHARACTERS).count() < CHARACTERS {
        return None;
    }
    let mut sequences = Sequences { text, sequence: Vec::new(), start: 0, before: 0, read: String::new() };
    let (mut from, mut kinds) = (0, 0);
    for (at, b) in text.bytes().enumerate() {
        let kind = KINDS.kind(b);
        if kind != 0 {
            kinds |= kind;
            continue;
        }
        if kinds != 0 {
            sequences.token(from, at, kinds);
        }
        (from, kinds) = (at + 1, 0);
    }
    if kinds != 0 {
        sequences.token(from, text.len(), kinds);
    }
    sequences.flush();
    (!sequences.read.is_empty()).then_some(sequences.read)
}

/// The numbers of one sequence, as far as it was read.
struct Sequences<'t> {
    text: &'t str,
    sequence: Vec<&'t str>,
    /// Where it begins.
    start: usize,
    /// Where the last token of the text ended.
    before: usize,
    /// What all sequences so far spell.
    read: String,
}

// === impl Sequences ===

impl Sequences<'_> {
    fn token(&mut self, from: usize, to: usize, kinds: u8) {
        let gap = from - std::mem::replace(&mut self.before, to);
        // most words have other letters than numbers, and end no sequence
        if self.sequence.is_empty() && kinds & OTHER != 0 {
            return;
        }
        if gap > 6 {
            self.flush();
        }
        let token = self.text.get(from..to).unwrap_or_default();
        if let Some(number) = number(token) {
            if self.sequence.is_empty() {
                self.start = from;
            }
            self.sequence.push(number);
        } else if !is_mark(token) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.sequence.iter().map(|number| number.len()).sum::<usize>() >= CHARACTERS * 2
            && let Some(found) = in_any_base(&self.sequence)
        {
            self.read.push_str(context(self.text.get(..self.start).unwrap_or_default()));
            self.read.push_str(&found);
            self.read.push('\n');
        }
        self.sequence.clear();
    }
}

/// What a byte of a number or a word is; what parts them is nothing.
static KINDS: Kinds = Kinds::of(&[
    (plain::DIGITS, OF_NUMBER),
    (b"abcdefABCDEFx", OF_NUMBER),
    (b"ghijklmnopqrstuvwyzGHIJKLMNOPQRSTUVWXYZ", OTHER),
])
.beyond_ascii(OTHER);

const OF_NUMBER: u8 = 1;
const OTHER: u8 = 2;

/// What stands before a number: `\x49`, `U+0049`.
fn is_mark(token: &str) -> bool {
    matches!(token, "U" | "u" | "x" | "chr" | "Chr" | "CHR")
}

/// The digits of a number: also of `0x49`.
fn number(token: &str) -> Option<&str> {
    let number = token.strip_prefix("0x").or_else(|| token.strip_prefix('x')).unwrap_or(token);
    if number.len() < 2 || !number.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    // `dad` and `be` are words; letters alone are never the bytes of letters
    let is_word = number.len() <= 4 && number.bytes().all(|b| b.is_ascii_alphabetic());
    (!is_word).then_some(number)
}

fn in_any_base(numbers: &[&str]) -> Option<String> {
    let by = |radix, width: std::ops::RangeInclusive<usize>| {
        let each = numbers.iter().map(|number| {
            width.contains(&number.len()).then(|| u8::from_str_radix(number, radix).ok()).flatten()
        });
        each.collect::<Option<Vec<u8>>>().and_then(|bytes| spelt(&bytes))
    };
    by(2, 7..=8)
        .or_else(|| pairs(numbers).and_then(|bytes| spelt(&bytes)))
        .or_else(|| by(10, 2..=3))
        .or_else(|| by(8, 2..=3))
        .or_else(|| by(16, 4..=6))
}

/// Hexadecimal: two digits a byte, however they are grouped.
fn pairs(numbers: &[&str]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for number in numbers {
        let digits: Vec<u8> = number.bytes().filter_map(hex_digit).collect();
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        // one character after the other, as `0049`
        let skip = usize::from(pairs.len() == 2 && pairs.first() == Some(&[0, 0]));
        bytes.extend(pairs.iter().skip(skip).map(|[high, low]| high * 16 + low));
    }
    Some(bytes)
}

/// A text of letters and spaces: numbers in tables and keys spell anything but that.
fn spelt(bytes: &[u8]) -> Option<String> {
    let text = as_text(bytes).filter(|text| text.chars().count() >= CHARACTERS)?;
    let letters = text.chars().filter(|c| c.is_alphabetic() || *c == ' ').count();
    (letters * 10 >= text.chars().count() * 8 && text.chars().filter(|c| c.is_lowercase()).count() >= 3)
        .then_some(text)
}
