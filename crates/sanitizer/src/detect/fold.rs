//! A text as it sounds: lower case, one spelling per letter, words apart by one space.
//!
//! Only what is no language is undone: styles of letters, marks on Latin, Greek and Cyrillic ones, characters without
//! width, words that mix alphabets. Other scripts stay as they are written.

use std::borrow::Cow;

use clean_content::is_allowed;
use unicode_normalization::{
    UnicodeNormalization,
    char::{decompose_canonical, is_combining_mark},
};

use super::{lookalike, vocabulary};
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

/// One spelling per letter: compatibility forms resolved, without marks on letters and invisible characters. Capitals
/// stay capitals.
pub(super) fn letters(text: &str) -> Cow<'_, str> {
    let visible = |b: u8| matches!(b, b'\n' | b'\t' | b'\r' | b' '..=b'~');
    if text.bytes().all(visible) {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|b| !visible(b)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        read.push_str(head);
        let odd = tail.bytes().position(visible).unwrap_or(tail.len());
        let (odd, tail) = tail.split_at_checked(odd).unwrap_or((tail, ""));
        odd.nfkc().for_each(|c| push(c, &mut read));
        rest = tail;
    }
    Cow::Owned(read)
}

fn push(c: char, to: &mut String) {
    match c {
        ' '..='~' | '\n' | '\t' => to.push(c),
        // fillers that look like a space
        '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' | '\u{2800}' => to.push(' '),
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => to.push('\n'),
        c if !is_allowed(c) || is_accent(c) => {}
        // white on black in a circle or square, and the letters that flags are made of
        '\u{1f150}'..='\u{1f169}' => to.push(nth_letter(c, '\u{1f150}')),
        '\u{1f170}'..='\u{1f189}' => to.push(nth_letter(c, '\u{1f170}')),
        '\u{1f1e6}'..='\u{1f1ff}' => to.push(nth_letter(c, '\u{1f1e6}')),
        // brackets, bars and lines that marks between parts of a prompt are drawn with
        '«' | '‹' | '〈' | '《' | '⟨' | '⟪' | '❮' | '❰' | '❬' | '˂' | '≪' | 'ᐸ' => {
            to.push('<')
        }
        '»' | '›' | '〉' | '》' | '⟩' | '⟫' | '❯' | '❱' | '❭' | '˃' | '≫' | 'ᐳ' => {
            to.push('>')
        }
        '【' | '〔' | '〖' | '⟦' | '『' | '「' => to.push('['),
        '】' | '〕' | '〗' | '⟧' | '』' | '」' => to.push(']'),
        '∣' | '❘' | '│' | '┃' | '║' | 'ǀ' => to.push('|'),
        '\u{2010}'..='\u{2015}' | '−' | '─' | '━' | '═' => to.push('-'),
        '▁' => to.push('_'),
        '\u{a0}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' => {
            decompose_canonical(c, |part| {
                if !is_accent(part) {
                    to.push(part);
                }
            });
        }
        c => to.push(c),
    }
}

/// Marks of Latin, Greek and Cyrillic, those of any symbol, and the optional vowels of Hebrew and Arabic. The marks of
/// other scripts are letters in their own right.
const fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn nth_letter(c: char, a: char) -> char {
    u8::try_from(u32::from(c) - u32::from(a)).map_or('?', |n| char::from(b'a' + n % 26))
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
        let end = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
        let (word, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        // what no word has the length of costs no second look
        match Some(word).filter(|word| word.len() <= 64).and_then(lookalike::unmixed) {
            Some(latin) => {
                *unmixed += usize::from(latin.len() >= 3 && vocabulary::knows(latin.as_bytes()));
                read.push_str(&latin);
            }
            None => read.extend(word.chars().flat_map(char::to_lowercase)),
        }
        let mut after = tail.chars();
        read.extend(after.next());
        rest = after.as_str();
    }
    read
}

fn words(marks: &str) -> String {
    let mut words = String::with_capacity(marks.len());
    let mut pending = None;
    let mut line_begins = true;
    let mut rest = marks;
    while let Some(b) = rest.bytes().next() {
        // a word
        let end = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if end > 0 {
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            rest = after;
            if line_begins && is_list_number(word, after) {
                continue;
            }
            line_begins = false;
            words.extend(pending.take().filter(|_| !words.is_empty()));
            words.push_str(word);
            continue;
        }
        let mut chars = rest.chars();
        let c = chars.next().unwrap_or(' ');
        let after = chars.as_str();
        if b == b':'
            && let Some(after) = after_emoji(after)
        {
            rest = after;
            pending = pending.or(Some(' '));
            continue;
        }
        let joins = pending.is_none() && !words.is_empty();
        let separator = match c {
            c if !c.is_ascii() && (c.is_alphanumeric() || is_combining_mark(c)) => {
                line_begins = false;
                words.extend(pending.take().filter(|_| !words.is_empty()));
                words.push(c);
                rest = after;
                continue;
            }
            // within words: don't, user's, im**port**ant, im__port__ant
            '\'' | '’' | '`' | '*' => {
                rest = after;
                continue;
            }
            '_' | '~' | '|' if joins && twice_within_a_word(c, after) => {
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            // a word that goes on in the next line
            '-' if joins && goes_on(after) => {
                rest = after.trim_start();
                continue;
            }
            '.' | '!' | '?' | ';' | ':' if !after.starts_with(|next: char| !next.is_whitespace()) => '|',
            '。' | '！' | '？' => '|',
            '\n' | '\r' => {
                line_begins = true;
                '\n'
            }
            _ => ' ',
        };
        rest = after;
        pending = match (pending, separator) {
            (Some('|'), _) | (_, '|') => Some('|'),
            (Some('\n'), _) | (_, '\n') => Some('\n'),
            _ => Some(' '),
        };
    }
    words
}

/// `1.`, `12)` and `b)` at the beginning of a line.
fn is_list_number(word: &str, after: &str) -> bool {
    let mut after = after.chars();
    let short = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit()) || word.len() == 1;
    short && matches!(after.next(), Some('.' | ')')) && after.next().is_none_or(char::is_whitespace)
}

/// `im__port__ant`: signs of markup between the letters of a word.
fn twice_within_a_word(c: char, after: &str) -> bool {
    let mut after = after.chars();
    after.next() == Some(c) && after.next().is_some_and(char::is_alphanumeric)
}

fn goes_on(after: &str) -> bool {
    let line = after.trim_start_matches([' ', '\t', '\r']);
    let next = line.strip_prefix('\n').map(|line| line.trim_start_matches([' ', '\t']));
    after.len() - line.len() <= 4
        && next.is_some_and(|next| next.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// What follows `point_right:`, the rest of an emoji's name in chats.
fn after_emoji(text: &str) -> Option<&str> {
    let end = text
        .bytes()
        .take(40)
        .position(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-".contains(&b)))?;
    let (name, rest) = text.split_at_checked(end)?;
    rest.strip_prefix(':').filter(|_| name.len() >= 2)
}

#[cfg(test)]
mod tests {
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
}
