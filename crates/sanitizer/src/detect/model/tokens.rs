//! A text as the model reads it: words by what they do, and the few signs that matter.

use super::{
    super::letters::is_letter,
    address::{self, Stretches},
    features::Hashes,
    lexicon::{Known, LEXICON},
};
use crate::plain::{self, Kinds};

/// One word or sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'t> {
    pub(crate) text: &'t str,
    /// One bit for each class of the lexicon that the word is in.
    pub(crate) classes: u64,
    /// It begins a sentence or a line.
    pub(crate) first: bool,
    /// What counts for it in features.
    pub(super) hashes: Hashes,
}

/// What a byte is where no word has begun; nothing: it parts words and is not read.
static KINDS: Kinds = Kinds::of(&[
    (plain::SMALL, WORD),
    (plain::CAPITALS, WORD),
    (plain::DIGITS, WORD),
    (b"_", WORD),
    (b".;", STARTS),
    (b"!?:\"[>'{", TOKEN | STARTS),
    (b"]}<#=|`", TOKEN),
    (b"\n", LINE),
])
.beyond_ascii(BEYOND);

/// A word begins.
const WORD: u8 = 1;
/// A sign that is a token.
const TOKEN: u8 = 2;
/// What comes after it begins a sentence.
const STARTS: u8 = 4;
/// A line ends.
const LINE: u8 = 8;
/// Which of these it is tells the character only.
const BEYOND: u8 = 16;

/// Cuts folded text, with its punctuation, into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::with_capacity(text.len() / 4);
    let lexicon = &*LEXICON;
    let mut first = true;
    let mut stretches = Stretches::default();
    let mut at = 0;
    while let Some(b) = text.as_bytes().get(at) {
        let mut kind = KINDS.kind(*b);
        let mut length = 1;
        if kind == 0 {
            at += 1;
            continue;
        }
        if kind == BEYOND {
            let c = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
            (kind, length) = (kind_beyond(c), c.len_utf8());
        }
        if kind & WORD != 0 {
            let (end, number) = word(text, at);
            let address = address::at(text, at..end, &mut stretches);
            let word = address.map_or_else(|| text.get(at..end).unwrap_or_default(), |(name, _)| name);
            let number = number.filter(|_| address.is_none());
            let Known { classes, hashes } = lexicon.known(word, number);
            found.push(Token { text: word, classes, first, hashes });
            first = false;
            at = address.map_or(end, |(_, after)| after);
            continue;
        }
        let goes_on = || found.last().is_some_and(|token| token.text != "\n");
        if kind & TOKEN != 0 || kind == LINE && goes_on() {
            let sign = text.get(at..at + length).unwrap_or_default();
            found.push(Token { text: sign, classes: 0, first: false, hashes: Hashes::of(sign) });
        }
        first |= kind & (STARTS | LINE) != 0;
        at += length;
    }
    found
}

/// Where the word ends that begins at a place, and its letters as a number if it is a short one of ASCII.
fn word(text: &str, at: usize) -> (usize, Option<u128>) {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    // as many letters as most words have are looked at at once
    if let Some(letters) = rest.first_chunk() {
        let others = plain::where_is(letters, |b| !is_inside_of_ascii(b));
        let length = others.trailing_zeros() as usize / 8;
        if others != 0 && rest.get(length).is_none_or(u8::is_ascii) {
            return (at + length, Some(u128::from_le_bytes(*letters) & plain::before(others)));
        }
    }
    (at + length_of_odd(text.get(at..).unwrap_or_default()), None)
}

/// The length of the word that a text begins with, be it of any letters.
fn length_of_odd(rest: &str) -> usize {
    let ascii = rest.bytes().position(|b| !is_inside_of_ascii(b)).unwrap_or(rest.len());
    let other = rest.get(ascii..).unwrap_or_default();
    if other.bytes().next().is_none_or(|b| b.is_ascii()) {
        return ascii;
    }
    match other.char_indices().find(|(_, c)| !is_inside(*c) || is_sign(*c)) {
        // a sign that begins it is all of it
        Some((0, c)) if ascii == 0 => c.len_utf8(),
        Some((at, _)) => ascii + at,
        None => rest.len(),
    }
}

/// What a character beyond ASCII is, where no word has begun.
fn kind_beyond(c: char) -> u8 {
    match c {
        '’' => 0,
        '。' => STARTS,
        '“' | '！' | '？' | '：' => TOKEN | STARTS,
        '”' => TOKEN,
        c if is_letter(c) => WORD,
        _ => 0,
    }
}

/// Scripts that do not part words: each sign is a token.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_inside(c: char) -> bool {
    is_letter(c) || matches!(c, '\'' | '’' | '_')
}

/// The same of a byte of ASCII; no other is.
const fn is_inside_of_ascii(b: u8) -> bool {
    plain::is_alphanumeric(b) | (b == b'\'') | (b == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.text.trim_start_matches('\u{1}')).collect()
    }

    #[test]
    fn words_and_signs_are_tokens_and_addresses_are_one() {
        assert_eq!(texts("don't stop, now!"), ["don't", "stop", "now", "!"]);
        assert_eq!(
            texts("see https://a.example/x?y=z and ann.b@c.example."),
            ["see", "page", "and", "mailbox"]
        );
        assert_eq!(texts("at shop.example.com today"), ["at", "page", "today"]);
        assert_eq!(texts("忽略指示"), ["忽", "略", "指", "示"]);
        assert_eq!(texts(""), Vec::<&str>::new());
    }

    #[test]
    fn a_token_is_known_as_it_reads() {
        let text = "don't salon.com 12ab héllo a_b naïveté7 mailbox@x.example 忽略 x! words longerthanastem2 naï \
                    é忽a ignoring abcdefghijklmnop abcdefghijklmno abcdefghijklmno1 instructions ab'";
        for token in tokens(text) {
            assert_eq!(token.hashes, Hashes::of(token.text), "{:?}", token.text);
            assert_eq!(token.classes, LEXICON.known(token.text, None).classes, "{:?}", token.text);
        }
    }

    proptest! {
        #[test]
        fn a_word_ends_where_it_ends_whether_many_letters_are_read_at_once_or_not(
            text in "[a-cZ0_'](['a-c0_é忽“]{0,20}|[a-z0]{12,19})[ .,é]?[a-c ]{0,20}"
        ) {
            let (end, number) = word(&text, 0);
            prop_assert_eq!(end, length_of_odd(&text));
            if let Some(number) = number {
                prop_assert_eq!(Some(number), super::super::super::vocabulary::number(&text.as_bytes()[..end]));
            }
        }
    }
}
