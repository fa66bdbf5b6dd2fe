//! The words of a folded text, each looked up once, and what a look at each tells of the text.

use super::super::vocabulary::{self, Sort};
use crate::plain;

pub(in crate::detect) struct Token<'t> {
    pub(in crate::detect) word: &'t str,
    /// What parts it from the next word: a space, a line break or `|`.
    pub(in crate::detect) after: char,
    pub(in crate::detect) sort: Sort,
    /// The letters as a number; nothing for what is no ASCII word or longer than any common one.
    pub(in crate::detect) number: Option<u128>,
}

/// A text's words, and which tricks there may be among them.
pub(in crate::detect) struct Words<'t> {
    pub(in crate::detect) tokens: Vec<Token<'t>>,
    /// Every word is a common one.
    pub(super) all_known: bool,
    /// Unknown words that are common ones from their end, or turned by thirteen: one is chance.
    pub(super) from_the_end: usize,
    pub(super) by_thirteen: usize,
    /// The most words in a row that are a single letter, and that are no common ones.
    pub(super) single_letters: usize,
    pub(super) unknown: usize,
    /// Words that orders are made of.
    pub(super) of_orders: usize,
}

pub(in crate::detect) fn words(words: &str) -> Words<'_> {
    let mut found = Words {
        tokens: Vec::with_capacity(words.len() / 4),
        all_known: true,
        from_the_end: 0,
        by_thirteen: 0,
        single_letters: 0,
        unknown: 0,
        of_orders: 0,
    };
    let (mut single, mut unknown) = (0, 0);
    let mut at = 0;
    while let Some(rest) = words.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        let (end, number) = first_word(rest);
        let after = rest.get(end).map_or(' ', |b| char::from(*b));
        if end > 0 {
            let sort = number.map(vocabulary::sort).unwrap_or_default();
            let number = number.filter(|number| number & each_byte(0x80) == 0);
            let token = Token { word: words.get(at..at + end).unwrap_or_default(), after, sort, number };
            found.of_orders += usize::from(sort.is_of_orders);
            // most words are common ones
            if sort.is_word && end >= 3 {
                (single, unknown) = (0, 0);
            } else {
                single = if token.is_single() { single + 1 } else { 0 };
                unknown = if token.is_unknown() { unknown + 1 } else { 0 };
                found.single_letters = found.single_letters.max(single);
                found.unknown = found.unknown.max(unknown);
                found.all_known &= sort.is_word;
                found.from_the_end += usize::from(sort.is_from_the_end && !sort.is_word);
                found.by_thirteen += usize::from(sort.is_by_thirteen && !sort.is_word);
            }
            found.tokens.push(token);
        }
        at += end + 1;
    }
    found
}

// === impl Token ===

impl Token<'_> {
    /// One letter alone.
    pub(super) fn is_single(&self) -> bool {
        match self.word.len() {
            1 => true,
            2..=4 => !self.word.starts_with(|c: char| c.is_ascii()) && self.word.chars().nth(1).is_none(),
            _ => false,
        }
    }

    /// No common word, and what may be the letters of one put for others.
    pub(super) fn is_unknown(&self) -> bool {
        !(self.sort.is_word && self.word.len() >= 3) && (self.number.is_some() || self.word.is_ascii())
    }
}

/// The length of the word that some text begins with, and its letters as a number.
fn first_word(rest: &[u8]) -> (usize, Option<u128>) {
    // most words and what follows are read at once
    if let Some(letters) = rest.first_chunk() {
        let parting = plain::where_is(letters, |b| (b == b' ') | (b == b'\n') | (b == b'|'));
        if parting != 0 {
            let length = parting.trailing_zeros() / 8;
            return (length as usize, Some(u128::from_le_bytes(*letters) & plain::before(parting)));
        }
    }
    let end = rest.iter().position(|b| matches!(b, b' ' | b'\n' | b'|')).unwrap_or(rest.len());
    (end, rest.get(..end).and_then(vocabulary::number))
}

const fn each_byte(b: u8) -> u128 {
    u128::from_le_bytes([b; 16])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_the_same_whether_they_are_read_at_once_or_not(text in "([a-c}{!é\u{0}]{0,18}[ \n|]){0,12}[a-c]{0,17}") {
            let mut read = Vec::new();
            for (at, token) in text.split_inclusive([' ', '\n', '|']).enumerate() {
                let word = token.trim_end_matches([' ', '\n', '|']);
                let (end, number) = first_word(text.split_inclusive([' ', '\n', '|']).skip(at).collect::<String>().as_bytes());
                prop_assert_eq!((end, number.filter(|_| end > 0)), (word.len(), vocabulary::number(word.as_bytes()).filter(|_| end > 0)));
                read.extend((end > 0).then_some(word));
            }
            let found = words(&text);
            prop_assert_eq!(found.tokens.iter().map(|token| token.word).collect::<Vec<_>>(), read);
            for token in &found.tokens {
                let number = vocabulary::number(token.word.as_bytes()).filter(|_| token.sort.is_word || token.word.is_ascii());
                prop_assert_eq!(token.number, number);
            }
        }
    }
}
