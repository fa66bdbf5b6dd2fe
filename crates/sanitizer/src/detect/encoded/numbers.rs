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
    let mut read = String::new();
    let mut sequence: Vec<&str> = Vec::new();
    let mut start = 0;
    let (mut before, mut from, mut kinds) = (0, 0, 0);
    // by `for_each`, since that takes what is chained apart once, and not at every byte
    text.bytes().chain([b' ']).enumerate().for_each(|(at, b)| {
        let kind = KINDS.kind(b);
        if kind != 0 {
            kinds |= kind;
            return;
        }
        if kinds != 0 {
            if from - before > 6 {
                flush(&mut sequence, text.get(..start), &mut read);
            }
            before = at;
            // most words have other letters than numbers
            let token = || text.get(from..at).unwrap_or_default();
            if let Some(number) = (kinds & OTHER == 0).then(token).and_then(number) {
                if sequence.is_empty() {
                    start = from;
                }
                sequence.push(number);
            } else if !sequence.is_empty() && !is_mark(token()) {
                flush(&mut sequence, text.get(..start), &mut read);
            }
        }
        (from, kinds) = (at + 1, 0);
    });
    flush(&mut sequence, text.get(..start), &mut read);
    (!read.is_empty()).then_some(read)
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

fn flush(sequence: &mut Vec<&str>, before: Option<&str>, to: &mut String) {
    if sequence.iter().map(|number| number.len()).sum::<usize>() >= CHARACTERS * 2
        && let Some(found) = in_any_base(sequence)
    {
        to.push_str(context(before.unwrap_or_default()));
        to.push_str(&found);
        to.push('\n');
    }
    sequence.clear();
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
