//! A text as it sounds: lower case, one spelling per letter, words apart by one space.
//!
//! Only what is no language is undone: styles of letters, marks on Latin, Greek and Cyrillic ones, characters without
//! width, words that mix alphabets. Other scripts stay as they are written.

use unicode_normalization::char::is_combining_mark;

use super::{
    letters::{is_letter, letters},
    lookalike, vocabulary,
};
use crate::{
    plain::{self, Kinds},
    terminal,
};

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

fn words(marks: &str) -> String {
    // a word is written with what follows it, which the next one overwrites
    let mut words = Vec::with_capacity(marks.len() + AT_ONCE);
    let mut gap = Gap::Nothing;
    let mut line_begins = true;
    let mut at = 0;
    while let Some(b) = marks.as_bytes().get(at) {
        let rest = || marks.get(at..).unwrap_or_default();
        match KINDS.kind(*b) {
            WORD => {
                let number = Some(rest()).filter(|_| line_begins).and_then(list_number);
                if let Some(length) = number {
                    at += length;
                    continue;
                }
                line_begins = false;
                gap.push(&mut words);
                at += push_letters(marks.as_bytes().get(at..).unwrap_or_default(), &mut words);
            }
            PARTING => {
                gap = gap.max(Gap::Space);
                at += 1;
            }
            LINE => {
                line_begins = true;
                gap = gap.max(Gap::Line);
                at += 1;
            }
            _ => {
                let (length, found) = other(rest(), gap == Gap::Nothing && !words.is_empty());
                match found {
                    Other::Word => {
                        line_begins = false;
                        gap.push(&mut words);
                        words.extend_from_slice(marks.as_bytes().get(at..at + length).unwrap_or_default());
                    }
                    Other::Gap(found) => gap = gap.max(found),
                }
                at += length;
            }
        }
    }
    String::from_utf8(words).unwrap_or_default()
}

/// What a byte is that something begins with; nothing: what it is depends on what follows.
static KINDS: Kinds = Kinds::of(&[
    (plain::SMALL, WORD),
    (plain::CAPITALS, WORD),
    (plain::DIGITS, WORD),
    (b" ,\"()/=<>[]\t", PARTING),
    (b"\n\r", LINE),
]);

const WORD: u8 = 1;
/// What parts the words before and after it and neither joins them nor ends a sentence or a line.
const PARTING: u8 = 2;
const LINE: u8 = 3;

/// What stands between two words: of several, the last of these counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    Nothing,
    Space,
    Line,
    Sentence,
}

/// What is neither a word of ASCII nor parts words by itself.
enum Other {
    /// A part of a word.
    Word,
    Gap(Gap),
}

/// What a text begins with, and how many bytes of it; whether a word stands right before it.
fn other(text: &str, joins: bool) -> (usize, Other) {
    let mut chars = text.chars();
    let c = chars.next().unwrap_or(' ');
    let after = chars.as_str();
    if c == ':'
        && let Some(after) = after_emoji(after)
    {
        return (text.len() - after.len(), Other::Gap(Gap::Space));
    }
    let gap = match c {
        c if is_of_word(c) => {
            return (text.find(|c| !is_of_word(c)).unwrap_or(text.len()), Other::Word);
        }
        // within words: don't, user's, im**port**ant, im__port__ant
        '\'' | '’' | '`' | '*' => Gap::Nothing,
        '_' | '~' | '|' if joins && twice_within_a_word(c, after) => return (2, Other::Gap(Gap::Nothing)),
        // a word that goes on in the next line
        '-' if joins && goes_on(after) => {
            return (text.len() - after.trim_start().len(), Other::Gap(Gap::Nothing));
        }
        '.' | '!' | '?' | ';' | ':' if !after.starts_with(|next: char| !next.is_whitespace()) => {
            Gap::Sentence
        }
        '。' | '！' | '？' => Gap::Sentence,
        _ => Gap::Space,
    };
    (c.len_utf8(), Other::Gap(gap))
}

/// Letters that are written at once: as many as most words have.
const AT_ONCE: usize = 16;

/// Appends the letters and digits of ASCII that some bytes begin with, as many as are written at once. How many.
fn push_letters(bytes: &[u8], words: &mut Vec<u8>) -> usize {
    let Some(letters) = bytes.first_chunk::<AT_ONCE>() else {
        let letters = bytes.iter().take_while(|b| b.is_ascii_alphanumeric());
        let before = words.len();
        words.extend(letters);
        return words.len() - before;
    };
    let others = plain::where_is(letters, |b| !plain::is_alphanumeric(b));
    let length = others.trailing_zeros() as usize / 8;
    let end = words.len() + length;
    words.extend_from_slice(letters);
    words.truncate(end);
    length
}

// === impl Gap ===

impl Gap {
    /// Writes it before the next word. Nothing stands before the first.
    fn push(&mut self, words: &mut Vec<u8>) {
        let gap = match std::mem::replace(self, Self::Nothing) {
            Self::Nothing => return,
            Self::Space => b' ',
            Self::Line => b'\n',
            Self::Sentence => b'|',
        };
        if !words.is_empty() {
            words.push(gap);
        }
    }
}

/// Letters beyond ASCII, with the marks that are letters too.
fn is_of_word(c: char) -> bool {
    !c.is_ascii() && (is_letter(c) || is_combining_mark(c))
}

fn push_lower(c: char, to: &mut String) {
    match c {
        'а'..='я' | '一'..='龥' | '가'..='힣' | 'ぁ'..='ヺ' => to.push(c),
        c => to.extend(c.to_lowercase()),
    }
}

/// The length of `1`, `12` and `b` in `1.`, `12)` and `b)`, which a line begins with.
fn list_number(text: &str) -> Option<usize> {
    let length = text.bytes().take(3).take_while(u8::is_ascii_alphanumeric).count();
    let (word, after) = text.split_at_checked(length)?;
    let mut after = after.chars();
    let short = length <= 2 && word.bytes().all(|b| b.is_ascii_digit()) || length == 1;
    let is_number =
        short && matches!(after.next(), Some('.' | ')')) && after.next().is_none_or(char::is_whitespace);
    is_number.then_some(length)
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
