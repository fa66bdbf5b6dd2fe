//! Texts backwards, upside down, or with each letter put for another.

use super::{super::vocabulary, words::Token};

/// Spans of unknown words that are tried as every shift of the alphabet: that bounds the work.
const TRIED: usize = 8;

/// Words that no order to an assistant does without; a sentence with several is read in the other direction too.
const ORDERS: [&str; 14] = [
    "ignore",
    "disregard",
    "forget",
    "previous",
    "prior",
    "instructions",
    "instruction",
    "prompt",
    "reveal",
    "password",
    "system",
    "send",
    "files",
    "please",
];

pub(super) fn readings(tokens: &[Token<'_>], words: &str) -> Vec<(String, usize)> {
    let mut readings = Vec::new();
    readings
        .extend(spans(tokens, |word| reversed(word, |c| c)).map(|(from, undone)| (backwards(from), undone)));
    readings.extend(
        spans(tokens, |word| letterwise(word, by_thirteen))
            .map(|(from, undone)| (each(from, by_thirteen), undone)),
    );
    readings.extend(shifted(tokens));
    if words.matches(['ǝ', 'ɐ', 'ɹ', 'ʇ', 'ɥ', 'ɔ', 'ʎ', 'ɯ']).take(4).count() == 4 {
        let turned: String = words.chars().rev().map(upright).collect();
        let undone = turned.split([' ', '\n', '|']).filter(|word| vocabulary::knows(word.as_bytes())).count();
        readings.push((turned, undone));
    }
    readings
}

/// Stretches of words in which words appear once they are turned, and none stands as it is.
fn spans<'s, 't>(
    tokens: &'s [Token<'t>],
    turn: impl Fn(&str) -> Option<Vec<u8>>,
) -> impl Iterator<Item = (&'s [Token<'t>], usize)> {
    let mut found = Vec::new();
    let (mut start, mut end, mut undone, mut letters) = (0, 0, 0, 0);
    let mut counted = "";
    for (at, token) in tokens.iter().enumerate() {
        let counts = token.word.len() >= 3 && token.word.is_ascii();
        let turns = counts && turn(token.word).is_some_and(|turned| vocabulary::knows(&turned));
        if turns && !token.known {
            if undone == 0 {
                // what is too short to count may belong to it
                start = at.saturating_sub(
                    tokens
                        .get(..at)
                        .unwrap_or_default()
                        .iter()
                        .rev()
                        .take(3)
                        .take_while(|t| !t.known || t.word.len() < 3)
                        .count(),
                );
            }
            // a table may say one odd word a hundred times
            undone += usize::from(undone == 0 || token.word != counted);
            counted = token.word;
            letters += token.word.len();
            end = at + 1;
        } else if counts && token.known && !turns {
            if undone >= 2 && letters >= 8 {
                found.push((start, end, undone));
            }
            (undone, letters) = (0, 0);
        }
    }
    if undone >= 2 && letters >= 8 {
        // to the end, as far as nothing is known
        let tail =
            tokens.get(end..).unwrap_or_default().iter().take_while(|t| !t.known || t.word.len() < 3).count();
        found.push((start, end + tail, undone));
    }
    found.into_iter().filter_map(|(start, end, undone)| Some((tokens.get(start..end)?, undone)))
}

fn reversed(word: &str, turn: impl Fn(char) -> char) -> Option<Vec<u8>> {
    (word.len() <= 16).then(|| word.bytes().rev().map(|b| turn(char::from(b)) as u8).collect())
}

fn letterwise(word: &str, turn: impl Fn(u8) -> u8) -> Option<Vec<u8>> {
    (word.len() <= 16).then(|| word.bytes().map(turn).collect())
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

const fn by_thirteen(b: u8) -> u8 {
    by(b, 13)
}

const fn by(b: u8, shift: u8) -> u8 {
    if b.is_ascii_lowercase() { b'a' + (b - b'a' + shift) % 26 } else { b }
}

const fn mirrored(b: u8) -> u8 {
    if b.is_ascii_lowercase() { b'a' + (b'z' - b) } else { b }
}

/// Long stretches without any common word, by every other shift of the alphabet, and from z to a.
fn shifted(tokens: &[Token<'_>]) -> Vec<(String, usize)> {
    const LONG: usize = 6;
    let unknown = |token: &Token<'_>| token.word.is_ascii() && !(token.known && token.word.len() >= 3);
    let mut readings = Vec::new();
    for span in tokens.split(|token| !unknown(token)).filter(|span| span.len() >= LONG).take(TRIED) {
        let mut sample: Vec<_> = span
            .iter()
            .map(|token| token.word)
            .filter(|word| (3..=16).contains(&word.len()))
            .take(16)
            .collect();
        sample.sort_unstable();
        sample.dedup();
        let words_by = |turn: &dyn Fn(u8) -> u8| {
            let turns = |word: &&&str| letterwise(word, turn).is_some_and(|word| vocabulary::knows(&word));
            sample.iter().filter(turns).count()
        };
        let most = sample.len().div_ceil(2).max(3);
        let as_undone = |words: usize| words * span.len() / sample.len().max(1);
        let mirror = Some(words_by(&mirrored)).filter(|words| *words >= most);
        readings.extend(mirror.map(|words| (each(span, mirrored), as_undone(words))));
        for shift in (1..26).filter(|shift| *shift != 13) {
            let words = words_by(&|b| by(b, shift));
            if words >= most {
                readings.push((each(span, |b| by(b, shift)), as_undone(words)));
                break;
            }
        }
    }
    readings
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
pub(super) fn last_word_first(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let mut read = String::new();
    for sentence in tokens.split_inclusive(|token| token.after == '|') {
        if sentence.iter().filter(|token| token.known && ORDERS.contains(&token.word)).take(3).count() == 3 {
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
