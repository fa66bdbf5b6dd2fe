//! Words as they would read without tricks of spelling.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::{Trick, fold::Folded};

const TRICK: Trick = Trick {
    kind: "disguised-instruction",
    reason: "An instruction to an assistant is spelt so that filters do not read it.",
};

/// The words without which no phrase of ours is a phrase; their letters may be shuffled.
const KEYWORDS: [&str; 32] = [
    "ignore",
    "disregard",
    "forget",
    "override",
    "bypass",
    "previous",
    "previously",
    "prior",
    "above",
    "earlier",
    "preceding",
    "instruction",
    "instructions",
    "prompt",
    "prompts",
    "guidelines",
    "directives",
    "system",
    "reveal",
    "password",
    "secret",
    "assistant",
    "pretend",
    "following",
    "strictly",
    "everything",
    "restrictions",
    "language",
    "developer",
    "unrestricted",
    "rules",
    "programming",
];

/// Every other reading of the words that has a keyword which the words as they stand do not have.
pub(super) fn readings(folded: &Folded) -> Vec<(Folded, Trick)> {
    let known = keywords_in(&folded.words);
    [unspaced(&folded.marks), repaired(&folded.words), unleet(&folded.marks), turned(&folded.words)]
        .into_iter()
        .flatten()
        .filter(|words| keywords_in(words) > known)
        .map(|words| (Folded { words, marks: String::new() }, TRICK))
        .collect()
}

fn keywords_in(words: &str) -> usize {
    #[expect(clippy::expect_used, reason = "the keywords are constants, and every test compiles them")]
    static ANY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&KEYWORDS.join("|")).expect("constant keywords"));
    ANY.find_iter(words).count()
}

/// `i g n o r e   t h i s`: single letters joined, where words are still apart, and else in one.
fn unspaced(marks: &str) -> Option<String> {
    let mut joined = String::new();
    let mut run = String::new();
    let (mut letters, mut gap, mut found) = (0, String::new(), false);
    let mut tokens = marks.split_inclusive(|c: char| !c.is_alphanumeric()).peekable();
    // a token is a word and the one character after it, or that character alone
    while let Some(token) = tokens.next() {
        let word = token.trim_end_matches(|c: char| !c.is_alphanumeric());
        let after = token.get(word.len()..).unwrap_or_default();
        if word.is_empty() {
            gap.push_str(after);
        } else {
            if gap.chars().count() > 1 && letters > 0 {
                run.push(' ');
            }
            gap = after.to_owned();
            if word.chars().nth(1).is_none() {
                run.push_str(word);
                letters += 1;
                if tokens.peek().is_some() {
                    continue;
                }
            } else {
                flush(&mut run, &mut letters, &mut joined, &mut found);
                joined.push_str(word);
                joined.push(' ');
            }
        }
        if tokens.peek().is_none() {
            flush(&mut run, &mut letters, &mut joined, &mut found);
        }
    }
    found.then(|| joined.trim().to_owned())
}

fn flush(run: &mut String, letters: &mut usize, joined: &mut String, found: &mut bool) {
    if *letters >= 8 {
        *found = true;
    }
    if *letters > 0 {
        joined.push_str(run);
        joined.push(' ');
    }
    run.clear();
    *letters = 0;
}

/// `ignroe`: a word with a keyword's first and last letter and the same letters between.
fn repaired(words: &str) -> Option<String> {
    static BY_LETTERS: LazyLock<HashMap<Vec<u8>, &str>> =
        LazyLock::new(|| KEYWORDS.iter().map(|word| (letters_of(word), *word)).collect());
    let mut read = String::with_capacity(words.len());
    let mut changed = 0;
    for token in words.split_inclusive([' ', '\n', '|']) {
        let word = token.trim_end_matches([' ', '\n', '|']);
        let keyword = if (5..=14).contains(&word.len()) && word.is_ascii() {
            BY_LETTERS.get(&letters_of(word))
        } else {
            None
        };
        match keyword {
            Some(keyword) if *keyword != word => {
                changed += 1;
                read.push_str(keyword);
                read.push_str(token.get(word.len()..).unwrap_or_default());
            }
            _ => read.push_str(token),
        }
    }
    (changed > 0).then_some(read)
}

fn letters_of(word: &str) -> Vec<u8> {
    let mut letters = word.as_bytes().to_vec();
    if let [_, between @ .., _] = letters.as_mut_slice() {
        between.sort_unstable();
    }
    letters
}

/// `1gn0r3`: digits and signs within words as the letters they stand for.
fn unleet(marks: &str) -> Option<String> {
    let mut read = String::with_capacity(marks.len());
    let mut changed = 0;
    for word in marks.split_whitespace() {
        let has_letter = word.bytes().any(|b| b.is_ascii_alphabetic());
        if word.len() <= 20
            && has_letter
            && word.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'@' | b'$' | b'!' | b'|'))
        {
            let inner = word.trim_end_matches(['.', ',', '!', '?', ':', ';']);
            read.extend(inner.chars().map(|c| match c {
                '0' => 'o',
                '1' | '!' | '|' => 'i',
                '3' => 'e',
                '4' | '@' => 'a',
                '5' | '$' => 's',
                '7' => 't',
                '8' => 'b',
                '9' => 'g',
                c => c,
            }));
            changed += usize::from(inner.bytes().any(|b| b.is_ascii_digit()));
        } else {
            read.extend(word.chars().filter(|c| c.is_alphanumeric()));
        }
        read.push(' ');
    }
    (changed >= 2).then_some(read)
}

/// Backwards, or by thirteen letters: only where a keyword would appear.
fn turned(words: &str) -> Option<String> {
    const BACKWARDS: [&str; 6] = ["snoitcurtsni", "erongi", "suoiverp", "tpmorp", "dragersid", "drowssap"];
    const BY_THIRTEEN: [&str; 6] = ["vafgehpgvba", "vtaber", "cerivbhf", "cebzcg", "qvfertneq", "cnffjbeq"];
    if BACKWARDS.iter().any(|word| words.contains(word)) {
        return Some(words.chars().rev().collect());
    }
    BY_THIRTEEN.iter().any(|word| words.contains(word)).then(|| {
        let turn = |c: char| match c {
            'a'..='m' => char::from(c as u8 + 13),
            'n'..='z' => char::from(c as u8 - 13),
            c => c,
        };
        words.chars().map(turn).collect()
    })
}
