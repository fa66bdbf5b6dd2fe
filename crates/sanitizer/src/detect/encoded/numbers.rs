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
    let bytes = text.as_bytes();
    let mut digits = 0;
    let mut seen = 0;
    while digits < CHARACTERS {
        seen += plain::position(bytes.get(seen..).unwrap_or_default(), |b| b.is_ascii_digit())? + 1;
        digits += 1;
    }
    let mut sequences = Sequences { text, sequence: Vec::new(), start: 0, before: 0, read: String::new() };
    let mut at = 0;
    // from one digit to the next, and from each to the end of its sequence
    while let Some(digit) = bytes.get(at..).and_then(|rest| plain::position(rest, |b| b.is_ascii_digit())) {
        at = sequences.read_from(beginning(text, at, at + digit));
    }
    (!sequences.read.is_empty()).then_some(sequences.read)
}

/// Where the sequence begins that a digit is of, and no earlier than `least`: numbers of letters alone may stand before it.
fn beginning(text: &str, least: usize, digit: usize) -> usize {
    let bytes = text.as_bytes();
    let back = |to: usize, is: &dyn Fn(u8) -> bool| {
        let before = bytes.get(least..to).unwrap_or_default();
        before.iter().rposition(|b| !is(*b)).map_or(least, |at| least + at + 1)
    };
    let is_token = |b: u8| KINDS.kind(b) != 0;
    let mut start = back(digit, &is_token);
    loop {
        let end = back(start, &|b| !is_token(b));
        let from = back(end, &is_token);
        let token = text.get(from..end).unwrap_or_default();
        if from == end || start - end > GAP || number(token).is_none() && !is_mark(token) {
            return start;
        }
        start = from;
    }
}

/// Bytes between the numbers of one sequence.
const GAP: usize = 6;

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
    /// Reads tokens from a place on until one ends the sequence, and says where that ends.
    fn read_from(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start;
        self.before = start;
        let is_token = |b: &u8| KINDS.kind(*b) != 0;
        while let Some(gap) = bytes.get(at..).and_then(|rest| rest.iter().position(is_token)) {
            let from = at + gap;
            let rest = bytes.get(from..).unwrap_or_default();
            at = from + rest.iter().position(|b| !is_token(b)).unwrap_or(rest.len());
            if !self.goes_on_with(from, at) {
                return at;
            }
        }
        self.flush();
        bytes.len()
    }

    /// Whether a sequence goes on with a token, or may begin behind it.
    fn goes_on_with(&mut self, from: usize, to: usize) -> bool {
        if from - std::mem::replace(&mut self.before, to) > GAP {
            self.flush();
        }
        let token = self.text.get(from..to).unwrap_or_default();
        if let Some(number) = number(token) {
            if self.sequence.is_empty() {
                self.start = from;
            }
            self.sequence.push(number);
            return true;
        }
        let is_mark = is_mark(token);
        if !is_mark {
            self.flush();
        }
        is_mark
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

/// Bytes of numbers and words; what parts them is nothing.
static KINDS: Kinds =
    Kinds::of(&[(plain::DIGITS, 1), (plain::SMALL, 1), (plain::CAPITALS, 1)]).beyond_ascii(1);

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads every token of a text, whether a digit is near or not.
    fn of_every_token(text: &str) -> Option<String> {
        let mut sequences =
            Sequences { text, sequence: Vec::new(), start: 0, before: 0, read: String::new() };
        let mut at = 0;
        for word in text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()) {
            if !word.is_empty() {
                sequences.goes_on_with(at, at + word.len());
            }
            at += word.len() + 1;
        }
        sequences.flush();
        (!sequences.read.is_empty()).then_some(sequences.read)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn what_is_read_from_digits_on_is_all_that_there_is(
            tokens in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "73656e64", "73", "65", "6e", "64", "20", "0x6d", "x65", "U", "added", "facade", "be", "116",
                        "104", "01110011", "163", "words", "é6e", "0073", "xfaced", "a1b2c3",
                    ]),
                    prop::sample::select(vec![" ", ", ", ":", "+", " \n ", "        ", "·"]),
                ),
                0..30,
            )
        ) {
            let text: String = tokens.into_iter().flat_map(|(token, gap)| [token, gap]).collect();
            if text.bytes().filter(u8::is_ascii_digit).count() >= CHARACTERS {
                prop_assert_eq!(decoded(&text), of_every_token(&text));
            }
        }
    }
}
