//! Base64 in both its alphabets, with or without padding, over lines or in pieces, and base32.

use std::{ops::Range, slice};

use super::{super::vocabulary, as_text, context};
use crate::{
    mail::decode_base64,
    plain::{self, Kinds},
};

/// A run of at least this many characters is decoded whatever it looks like.
const LONG: usize = 20;

/// Every passage that decodes to words, with what stands before it.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut read = String::new();
    let runs = runs(text);
    let mut rest = runs.as_slice();
    while let Some((first, _)) = rest.split_first() {
        // pieces of one passage stand apart by white space alone, perhaps as a quotation
        let parts = |pair: &[Run]| match pair {
            [one, next] => !is_gap(text.get(one.end..next.start).unwrap_or("-")),
            _ => true,
        };
        let count = 1 + rest.windows(2).take_while(|pair| !parts(pair)).count();
        let (pieces, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = after;
        match passage(text, pieces) {
            Some(passage) => push(text, first, &passage, &mut read),
            None if pieces.len() > 1 => {
                for piece in pieces {
                    let passage = passage(text, slice::from_ref(piece));
                    passage.into_iter().for_each(|passage| push(text, piece, &passage, &mut read));
                }
            }
            None => {}
        }
    }
    (!read.is_empty()).then_some(read)
}

/// What may stand between the pieces of one passage.
fn is_gap(gap: &str) -> bool {
    gap.len() <= 6 && gap.bytes().all(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'|'))
}

fn push(text: &str, first: &Run, passage: &str, to: &mut String) {
    // a passage within a path or a label has its beginning in the text before
    to.push_str(context(text.get(..first.start).unwrap_or_default()));
    to.push_str(passage);
    to.push('\n');
}

struct Run {
    start: usize,
    end: usize,
}

/// What a byte is in a run, if it is of the alphabets.
static KINDS: Kinds = Kinds::of(&[
    (plain::SMALL, OTHER),
    (plain::DIGITS, OTHER),
    (b"+/-_", OTHER),
    (plain::CAPITALS, CAPITAL),
    (b"=", EQUALS),
]);

const OTHER: u8 = 1;
const CAPITAL: u8 = 2;
const EQUALS: u8 = 4;

/// Bytes whose looks are found at once.
const BLOCK: usize = 64;

/// Runs of letters, digits and signs of the alphabets that may be a piece of a passage. Most blocks of a text have none.
fn runs(text: &str) -> Vec<Run> {
    let bytes = text.as_bytes();
    let mut runs = Vec::new();
    let mut done = 0;
    let mut long = LongRuns { bytes, at: 0 };
    for start in (0..bytes.len()).step_by(BLOCK) {
        let end = bytes.len().min(start + BLOCK);
        long.at = long.at.max(done);
        // the first byte is looked at with the one before it
        let block = bytes.get(start.saturating_sub(1)..end).unwrap_or_default();
        if end <= done || !has_odd_look(block) && !long.one_begins_before(end) {
            continue;
        }
        // whole runs, from where none goes on to where none does
        let before = bytes.get(done..start).unwrap_or_default();
        let from = before.iter().rposition(|b| KINDS.kind(*b) == 0).map_or(done, |other| done + other + 1);
        let after = bytes.get(end..).unwrap_or_default();
        done = end + after.iter().position(|b| KINDS.kind(*b) == 0).unwrap_or(after.len());
        runs_within(text, from..done, &mut runs);
    }
    runs
}

/// Whether a capital stands within a run, or a sign of padding.
fn has_odd_look(line: &[u8]) -> bool {
    let of_alphabet =
        |b: u8| b.is_ascii_alphanumeric() | (b == b'+') | (b == b'/') | (b == b'-') | (b == b'_');
    let odd = |(before, b): (&u8, &u8)| b.is_ascii_uppercase() & of_alphabet(*before) | (*b == b'=');
    let pairs = line.iter().zip(line.get(1..).unwrap_or_default());
    // without asking after each byte, which a processor does many at a time
    pairs.fold(line.first() == Some(&b'='), |any, pair| any | odd(pair))
}

/// Runs as long as a piece that is decoded whatever it looks like. Only some of the bytes are looked at: each such run has
/// one at the end of any stretch of its length.
struct LongRuns<'t> {
    bytes: &'t [u8],
    /// Where none goes on, and up to which all are known.
    at: usize,
}

impl LongRuns<'_> {
    /// Whether a run that is not known yet begins before a place.
    fn one_begins_before(&mut self, end: usize) -> bool {
        while self.at < end
            && let Some(stretch) = self.bytes.get(self.at..self.at + LONG)
        {
            match stretch.iter().rposition(|b| KINDS.kind(*b) == 0) {
                Some(other) => self.at += other + 1,
                None => return true,
            }
        }
        false
    }
}

/// The runs of a part of a text, which are none by their looks without a capital behind the first letter, and padding.
fn runs_within(text: &str, part: Range<usize>, runs: &mut Vec<Run>) {
    let (mut start, mut first, mut after_first) = (part.start, 0, 0);
    let mut end_run = |start: usize, end: usize, first: u8, after_first: u8| {
        let looks_odd = after_first & CAPITAL != 0 || (first | after_first) & EQUALS != 0;
        if end >= start + LONG || looks_odd && end >= start + 4 {
            runs.extend(run(text, start, end));
        }
    };
    for (at, b) in (part.start..).zip(text.as_bytes().get(part.clone()).unwrap_or_default()) {
        let kind = KINDS.kind(*b);
        if kind == 0 {
            end_run(start, at, first, after_first);
            (start, first, after_first) = (at + 1, 0, 0);
        } else if at == start {
            first = kind;
        } else {
            after_first |= kind;
        }
    }
    end_run(start, part.end, first, after_first);
}

/// A run, if it may be a piece.
fn run(text: &str, mut start: usize, end: usize) -> Option<Run> {
    // `name=value`: padding stands at the end only
    let run = text.as_bytes().get(start..end)?;
    if run.contains(&b'=') {
        let padding = run.iter().rev().take_while(|b| **b == b'=').count();
        let body = run.get(..run.len() - padding).unwrap_or_default();
        if let Some(sign) = body.iter().rposition(|b| *b == b'=') {
            start += sign + 1;
        }
    }
    Some(Run { start, end }).filter(|found| end - start >= 4 && found.may_be_piece(text))
}

impl Run {
    /// Long, or no word by its looks: letters of both sizes within it, or digits.
    fn may_be_piece(&self, text: &str) -> bool {
        let run = text.as_bytes().get(self.start..self.end).unwrap_or_default();
        if run.len() >= LONG {
            return true;
        }
        let inner = run.get(1..).unwrap_or_default();
        let capital = inner.iter().any(u8::is_ascii_uppercase);
        let odd = run.iter().any(|b| b.is_ascii_digit() || matches!(b, b'+' | b'/' | b'='));
        capital && (odd || run.iter().any(u8::is_ascii_lowercase)) || odd && run.ends_with(b"=")
    }
}

fn passage(text: &str, pieces: &[Run]) -> Option<String> {
    let mut whole = Vec::new();
    let mut run: &[u8] = &[];
    for piece in pieces {
        run = text.as_bytes().get(piece.start..piece.end)?;
        if pieces.len() > 1 {
            whole.extend_from_slice(run);
        }
    }
    if pieces.len() > 1 {
        run = &whole;
    }
    if run.len() >= 16 && run.iter().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7' | b'=')) {
        return as_text(&base32(run)).filter(|text| has_words(text, 1));
    }
    match run.len() {
        LONG.. => as_text(&decode_base64(run)),
        8.. => as_text(&decode_base64(run)).filter(|read| has_words(read, 1)),
        _ => None,
    }
}

/// Whether most of the words are common English ones, and this many at least.
fn has_words(text: &str, least: usize) -> bool {
    let lower = text.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let known = words().filter(|word| word.len() >= 3 && vocabulary::knows(word.as_bytes())).count();
    known >= least && known * 3 >= words().count()
}

fn base32(run: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(run.len() / 8 * 5);
    let (mut bits, mut held) = (0u32, 0u32);
    for b in run {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'2'..=b'7' => b - b'2' + 26,
            _ => continue,
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_looks_like_words_is_no_piece(text in "([A-Ca-c0-2+/=_-]{0,24}[ .é\\n]?|[a-c]{0,30}[ .é\\n]){0,12}") {
            let of_alphabet = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_=".contains(b);
            let mut at = 0;
            let mut all = Vec::new();
            for piece in text.as_bytes().split(|b| !of_alphabet(b)) {
                all.extend(run(&text, at, at + piece.len()).filter(|_| piece.len() >= 4));
                at += piece.len() + 1;
            }
            let ends = |runs: &[Run]| runs.iter().map(|run| (run.start, run.end)).collect::<Vec<_>>();
            prop_assert_eq!(ends(&runs(&text)), ends(&all));
        }
    }
}
