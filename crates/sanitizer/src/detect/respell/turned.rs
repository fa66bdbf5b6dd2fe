//! Texts backwards, upside down, or with each letter put for another.

use std::sync::LazyLock;

use super::{
    super::{
        table::Table,
        vocabulary::{self, Sort},
    },
    words::{Token, Words},
};

/// Spans of unknown words that are tried as every shift of the alphabet: that bounds the work.
const TRIED: usize = 8;

/// Words of orders in one sentence, from which on it may be one.
const ORDERS: usize = 3;

/// Words that turn into common ones, from which on they are no chance.
const LEAST: usize = 2;

/// Words of a stretch that is tried as every shift of the alphabet.
const LONG: usize = 6;

pub(super) fn readings(found: &Words<'_>, words: &str) -> Vec<(String, usize)> {
    let tokens = &found.tokens;
    let mut readings = Vec::new();
    let backward = if found.from_the_end >= LEAST { tokens.as_slice() } else { &[] };
    let by_thirteen = if found.by_thirteen >= LEAST { tokens.as_slice() } else { &[] };
    readings
        .extend(spans(backward, |sort| sort.is_from_the_end).map(|(from, undone)| (backwards(from), undone)));
    readings.extend(
        spans(by_thirteen, |sort| sort.is_by_thirteen)
            .map(|(from, undone)| (each(from, |b| by(b, 13)), undone)),
    );
    if found.unknown >= LONG {
        readings.extend(shifted(tokens));
    }
    if !words.is_ascii() && words.matches(['ǝ', 'ɐ', 'ɹ', 'ʇ', 'ɥ', 'ɔ', 'ʎ', 'ɯ']).take(4).count() == 4
    {
        let turned: String = words.chars().rev().map(upright).collect();
        let undone = turned.split([' ', '\n', '|']).filter(|word| vocabulary::knows(word.as_bytes())).count();
        readings.push((turned, undone));
    }
    readings
}

/// Stretches of words in which words appear once they are turned, and none stands as it is.
fn spans<'s, 't>(
    tokens: &'s [Token<'t>],
    turned: impl Fn(Sort) -> bool,
) -> impl Iterator<Item = (&'s [Token<'t>], usize)> {
    let mut found = Vec::new();
    let (mut start, mut end, mut undone, mut letters) = (0, 0, 0, 0);
    let mut counted = "";
    for (at, token) in tokens.iter().enumerate() {
        let length = token.word.len();
        let counts = length >= 3 && (token.number.is_some() || token.word.is_ascii());
        // a known word is of interest only where a span may end
        let asked = counts && token.number.is_some() && (!token.sort.is_word || undone > 0);
        let turns = asked && turned(token.sort);
        if turns && !token.sort.is_word {
            if undone == 0 {
                // what is too short to count may belong to it
                start = at.saturating_sub(
                    tokens
                        .get(..at)
                        .unwrap_or_default()
                        .iter()
                        .rev()
                        .take(3)
                        .take_while(|t| !t.sort.is_word || t.word.len() < 3)
                        .count(),
                );
            }
            // a table may say one odd word a hundred times
            undone += usize::from(undone == 0 || token.word != counted);
            counted = token.word;
            letters += length;
            end = at + 1;
        } else if counts && token.sort.is_word && !turns {
            if undone >= LEAST && letters >= 8 {
                found.push((start, end, undone));
            }
            (undone, letters) = (0, 0);
        }
    }
    if undone >= LEAST && letters >= 8 {
        // to the end, as far as nothing is known
        let tail = tokens
            .get(end..)
            .unwrap_or_default()
            .iter()
            .take_while(|t| !t.sort.is_word || t.word.len() < 3)
            .count();
        found.push((start, end + tail, undone));
    }
    found.into_iter().filter_map(|(start, end, undone)| Some((tokens.get(start..end)?, undone)))
}

/// A word's letters from the last to the first, as a number.
pub(in crate::detect) const fn from_the_end(length: usize, number: u128) -> u128 {
    if length == 0 { number } else { number.swap_bytes() >> (8 * (vocabulary::LONGEST - length)) }
}

/// The same byte eight times.
const fn each_byte(b: u8) -> u64 {
    u64::from_le_bytes([b; 8])
}

/// The highest bit of each byte that is this one or a later one, of bytes of ASCII: none carries into the next.
const fn from(number: u64, first: u8) -> u64 {
    (number + each_byte(0x80 - first)) & each_byte(0x80)
}

/// Both halves of a number, which most words have only one of, changed alike.
fn both(number: u128, change: impl Fn(u64) -> u64) -> u128 {
    let (low, high) = (number as u64, (number >> 64) as u64);
    u128::from(change(low)) | if high == 0 { 0 } else { u128::from(change(high)) << 64 }
}

/// A word's letters, as a number, each turned by so many, all at once.
pub(in crate::detect) fn all_by(number: u128, shift: u8) -> u128 {
    both(number, |number| {
        let (letters, late) = (from(number, b'a') & !from(number, b'z' + 1), from(number, b'z' + 1 - shift));
        number + ((letters & !late) >> 7) * u64::from(shift) - ((letters & late) >> 7) * u64::from(26 - shift)
    })
}

/// A word's letters, as a number, each put for the one that is as far from z as it is from a.
fn all_mirrored(number: u128) -> u128 {
    both(number, |number| {
        let letters = ((from(number, b'a') & !from(number, b'z' + 1)) >> 7) * 0xff;
        (number & !letters) | ((each_byte(b'a' + b'z') - number) & letters)
    })
}

/// Every common word, shifted so that it begins with an a: what is no shift of one is not among them.
static FROM_A: LazyLock<Table<()>> = LazyLock::new(|| {
    let words = vocabulary::all().filter_map(|word| vocabulary::number(word.as_bytes()));
    Table::of(words.map(|number| (from_a(number), ())))
});

/// A word's letters, as a number, shifted so that the first is an a, if it is any letter.
fn from_a(number: u128) -> u128 {
    let first = number as u8;
    if first.is_ascii_lowercase() { all_by(number, (26 - (first - b'a')) % 26) } else { number }
}

fn backwards(tokens: &[Token<'_>]) -> String {
    let mut read = String::new();
    for (at, token) in tokens.iter().enumerate().rev() {
        read.extend(token.word.chars().rev());
        read.extend(at.checked_sub(1).and_then(|before| tokens.get(before)).map(|before| before.after));
    }
    read
}

fn each(tokens: &[Token<'_>], turn: impl Fn(u8) -> u8) -> String {
    let mut read = String::new();
    for token in tokens {
        read.extend(token.word.chars().map(|c| if c.is_ascii() { char::from(turn(c as u8)) } else { c }));
        read.push(token.after);
    }
    read.truncate(read.trim_end().len());
    read
}

const fn by(b: u8, shift: u8) -> u8 {
    if b.is_ascii_lowercase() { b'a' + (b - b'a' + shift) % 26 } else { b }
}

const fn mirrored(b: u8) -> u8 {
    if b.is_ascii_lowercase() { b'a' + (b'z' - b) } else { b }
}

/// Long stretches without any common word, by every other shift of the alphabet, and from z to a.
fn shifted(tokens: &[Token<'_>]) -> Vec<(String, usize)> {
    let mut readings = Vec::new();
    for span in tokens.split(|token| !token.is_unknown()).filter(|span| span.len() >= LONG).take(TRIED) {
        let mut sample: Vec<_> = span
            .iter()
            .filter(|token| (3..=vocabulary::LONGEST).contains(&token.word.len()))
            .filter_map(|token| token.number)
            .take(16)
            .collect();
        sample.sort_unstable();
        sample.dedup();
        let most = sample.len().div_ceil(2).max(3);
        let as_undone = |words: usize| words * span.len() / sample.len().max(1);
        readings.extend(
            common(&sample, most, all_mirrored).map(|words| (each(span, mirrored), as_undone(words))),
        );
        // nearly every sample has too few words that any shift makes common ones
        let may_be_common = sample.iter().filter(|number| FROM_A.get(from_a(**number)).is_some()).count();
        let shifts = if may_be_common >= most { 1..26 } else { 1..1 };
        for shift in shifts.filter(|shift| *shift != 13) {
            if let Some(words) = common(&sample, most, |number| all_by(number, shift)) {
                readings.push((each(span, |b| by(b, shift)), as_undone(words)));
                break;
            }
        }
    }
    readings
}

/// How many of some words are common ones once they are turned, if that is so many at least. Where too many are none, the
/// others are not asked for.
fn common(sample: &[u128], least: usize, turn: impl Fn(u128) -> u128) -> Option<usize> {
    let mut spare = sample.len().checked_sub(least)?;
    for number in sample {
        if !vocabulary::is_word(turn(*number)) {
            spare = spare.checked_sub(1)?;
        }
    }
    Some(least + spare)
}

/// What a letter is when the page is turned.
const fn upright(c: char) -> char {
    match c {
        'ɐ' => 'a',
        'q' => 'b',
        'ɔ' => 'c',
        'p' => 'd',
        'ǝ' => 'e',
        'ɟ' => 'f',
        'ƃ' | 'ᵷ' => 'g',
        'ɥ' => 'h',
        'ᴉ' | 'ı' => 'i',
        'ɾ' => 'j',
        'ʞ' => 'k',
        'ʅ' | 'ꞁ' => 'l',
        'ɯ' => 'm',
        'u' => 'n',
        'd' => 'p',
        'b' => 'q',
        'ɹ' => 'r',
        'ʇ' => 't',
        'n' => 'u',
        'ʌ' => 'v',
        'ʍ' => 'w',
        'ʎ' => 'y',
        c => c,
    }
}

/// `instructions previous all ignore`: each sentence that speaks of orders, from its end.
pub(super) fn last_word_first(words: &Words<'_>) -> Option<(String, usize)> {
    if words.of_orders < ORDERS {
        return None;
    }
    let mut read = String::new();
    for sentence in words.tokens.split_inclusive(|token| token.after == '|') {
        if sentence.iter().filter(|token| token.sort.is_of_orders).take(ORDERS).count() == ORDERS {
            for token in sentence.iter().rev() {
                read.push_str(token.word);
                read.push(' ');
            }
            read.pop();
            read.push('|');
        }
    }
    read.pop();
    (!read.is_empty()).then_some((read, 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words() -> Vec<&'static str> {
        vocabulary::all().collect()
    }

    proptest! {
        #[test]
        fn what_some_shift_makes_a_common_word_is_one_of_those_that_begin_with_an_a(
            word in prop::sample::select(words()), scrap in "[a-z]{1,6}[0-9]?", shift in 0..26_u8
        ) {
            let number = vocabulary::number(word.as_bytes()).unwrap();
            prop_assert!(FROM_A.get(from_a(all_by(number, shift))).is_some());
            let number = vocabulary::number(scrap.as_bytes()).unwrap();
            let some = (0..26).any(|shift| vocabulary::is_word(all_by(number, shift)));
            prop_assert_eq!(FROM_A.get(from_a(number)).is_some(), some);
        }

        #[test]
        fn what_a_turn_makes_a_common_word_is_known_without_turning_it(
            word in prop::sample::select(words()), scrap in "[a-z]{1,4}"
        ) {
            for word in [word, &scrap] {
                let plain = vocabulary::number(word.as_bytes()).unwrap();
                for number in [plain, from_the_end(word.len(), plain), all_by(plain, 13)] {
                    let sort = vocabulary::sort(number);
                    let turned = vocabulary::is_word(from_the_end(word.len(), number));
                    prop_assert_eq!(sort.is_from_the_end, turned);
                    prop_assert_eq!(sort.is_by_thirteen, vocabulary::is_word(all_by(number, 13)));
                }
            }
        }
    }
}
