//! The words of a text by single spaces, and what parts sentences and lines.

use unicode_normalization::char::is_combining_mark;

use super::super::letters::is_letter;
use crate::plain::{self, Kinds};

pub(super) fn words(marks: &str) -> String {
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
