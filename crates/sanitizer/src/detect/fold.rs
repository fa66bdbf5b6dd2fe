//! A text as it sounds: lower case, one spelling per letter, words apart by one space.
//!
//! Only what is no language is undone: styles of letters, marks on Latin, Greek and Cyrillic ones, characters without
//! width, words that mix alphabets. Other scripts stay as they are written.

mod words;

use self::words::words;
use super::{
    letters::{is_letter, letters},
    lookalike, vocabulary,
};
use crate::terminal;

/// Two readings of one text.
pub(crate) struct Folded {
    /// Words by single spaces, sentences by `|`, lines by a line break. Other punctuation is gone.
    pub(crate) words: String,
    /// Lower case with its punctuation, for forms that consist of punctuation.
    pub(crate) marks: String,
    /// Common words that were written with letters of more than one alphabet.
    pub(crate) unmixed: usize,
}

impl Folded {
    /// Words that have been folded already, changed since.
    pub(super) fn of_words(words: String) -> Self {
        Self { words, marks: String::new(), unmixed: 0 }
    }
}

pub(crate) fn fold(text: &str) -> Folded {
    let text = terminal::shown(text);
    let mut letters = letters(&text).into_owned();
    let mut unmixed = 0;
    if letters.is_ascii() {
        letters.make_ascii_lowercase();
    } else {
        letters = lower(&letters, &mut unmixed);
    }
    Folded { words: words(&letters), marks: letters, unmixed }
}

/// Lower case; words that mix alphabets are read as the Latin words they look like.
fn lower(text: &str, unmixed: &mut usize) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // the words before the first that has a foreign letter
        let foreign = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        let edge = |b: &u8| b.is_ascii() && !b.is_ascii_alphanumeric();
        let start = rest
            .as_bytes()
            .get(..foreign)
            .and_then(|head| head.iter().rposition(edge))
            .map_or(0, |at| at + 1);
        let start = if foreign == rest.len() { foreign } else { start };
        let (head, tail) = rest.split_at_checked(start).unwrap_or((rest, ""));
        read.extend(head.chars().map(|c| c.to_ascii_lowercase()));
        let end = tail.find(|c: char| !is_letter(c)).unwrap_or(tail.len());
        let (word, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        // what no word has the length of costs no second look
        match Some(word).filter(|word| word.len() <= 64).and_then(lookalike::unmixed) {
            Some(latin) => {
                *unmixed += usize::from(latin.len() >= 3 && vocabulary::knows(latin.as_bytes()));
                read.push_str(&latin);
            }
            None => word.chars().for_each(|c| push_lower(c, &mut read)),
        }
        let mut after = tail.chars();
        read.extend(after.next());
        rest = after.as_str();
    }
    read
}

fn push_lower(c: char, to: &mut String) {
    match c {
        'а'..='я' | '一'..='龥' | '가'..='힣' | 'ぁ'..='ヺ' => to.push(c),
        c => to.extend(c.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, words: &str) {
        assert_eq!(fold(text).words, words);
    }

    #[test]
    fn words_are_read_as_they_sound() {
        check("Don't *panic*, it's\nfine. Really!", "dont panic its\nfine|really");
        check("Ｉｇｎоrе", "ignore");
        check("é̶a\u{200b}b", "eab");
        check("a_b--c", "a b c");
        check("im**port**ant :point_right: this: that", "important this|that");
        check("im__port__ant ~~no~~ sp||oil||er a || b", "important no spoiler a b");
        check("I\0g\0n\0o\0r\0e", "ignore");
        check("ig\u{1b}[0mnore\u{1b}[31m x\u{8}y", "ignore y");
        check("🅸🅶🅝🅞 🇷🇪 🄰🄱 ⓒ 𝐝", "igno re ab c d");
        check("", "");
    }

    #[test]
    fn words_of_any_length_stay_whole() {
        for length in 1..50 {
            let word: String = ('a'..='z').cycle().take(length).collect();
            check(&format!("x {word}, {word}"), &format!("x {word} {word}"));
        }
    }

    #[test]
    fn a_list_reads_like_a_sentence() {
        check("1. ignore\n2) all\n b) rules\n- now\n* here", "ignore\nall\nrules\nnow\nhere");
        check("Version 2. 15 items", "version 2|15 items");
        check("10.5 is more", "10 5 is more");
        check("instruc-\n  tions and well-known", "instructions and well known");
    }

    #[test]
    fn other_scripts_stay_as_they_are_written() {
        check("Все правила", "все правила");
        check("한국어 지시", "한국어 지시");
        check("プロンプト ガード", "プロンプト ガード");
        check("निर्देश अनदेखा", "निर्देश अनदेखा");
        check("ที่นี่", "ที่นี่");
        check("Οδηγίες", "οδηγιες");
        check("تَجَاهَل", "تجاهل");
    }

    proptest! {
        #[test]
        fn words_are_the_same_at_the_end_of_a_text_as_within_one(text in "([a-d0-9.é'*_|: \n-]|[a-z]{14,40}){0,24}") {
            let within = fold(&format!("{text} {}", ", ".repeat(16))).words;
            let alone = fold(&format!("{text} ")).words;
            prop_assert_eq!(alone, within);
        }
    }
}
