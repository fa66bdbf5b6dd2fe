//! Characters by their numbers: hexadecimal, decimal, octal and binary, with whatever stands between.

use super::{as_text, context};
use crate::mail::hex_digit;

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
    let bytes = text.as_bytes();
    let is_token = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let (mut after, mut at) = (0, 0);
    while let Some(length) = bytes.get(at..).and_then(|rest| rest.iter().position(is_token)) {
        let from = at + length;
        let rest = bytes.get(from..).unwrap_or_default();
        at = from + rest.iter().position(|b| !is_token(b)).unwrap_or(rest.len());
        let token = text.get(from..at).unwrap_or_default();
        if from - after > 6 {
            flush(&mut sequence, text.get(..start), &mut read);
        }
        after = at;
        if let Some(number) = number(token) {
            if sequence.is_empty() {
                start = from;
            }
            sequence.push(number);
        } else if !sequence.is_empty() && !is_mark(token) {
            flush(&mut sequence, text.get(..start), &mut read);
        }
    }
    flush(&mut sequence, text.get(..start), &mut read);
    (!read.is_empty()).then_some(read)
}

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
