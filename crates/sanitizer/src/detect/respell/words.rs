//! The words of a folded text, each looked up once, and what a look at each tells of the text.

use super::{super::vocabulary, turned};

pub(in crate::detect) struct Token<'t> {
    pub(in crate::detect) word: &'t str,
    /// What parts it from the next word: a space, a line break or `|`.
    pub(in crate::detect) after: char,
    pub(in crate::detect) known: bool,
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
    let tokens = tokens(words);
    let mut found = Words {
        tokens,
        all_known: true,
        from_the_end: 0,
        by_thirteen: 0,
        single_letters: 0,
        unknown: 0,
        of_orders: 0,
    };
    let (mut single, mut unknown) = (0, 0);
    for token in &found.tokens {
        single = if token.is_single() { single + 1 } else { 0 };
        unknown = if token.is_unknown() { unknown + 1 } else { 0 };
        found.single_letters = found.single_letters.max(single);
        found.unknown = found.unknown.max(unknown);
        found.all_known &= token.known;
        found.of_orders += usize::from(turned::is_of_orders(token));
        if let Some(number) = token.number.filter(|_| !token.known) {
            let turned = turned::from_the_end(token.word.len(), number);
            found.from_the_end += usize::from(vocabulary::is_word(turned));
            found.by_thirteen += usize::from(vocabulary::is_word(turned::all_by(number, 13)));
        }
    }
    found
}

// === impl Token ===

impl Token<'_> {
    /// One letter alone.
    pub(super) fn is_single(&self) -> bool {
        match self.word.len() {
            1 => true,
            2..=4 => self.word.chars().nth(1).is_none(),
            _ => false,
        }
    }

    /// No common word, and what may be the letters of one put for others.
    pub(super) fn is_unknown(&self) -> bool {
        !(self.known && self.word.len() >= 3) && (self.number.is_some() || self.word.is_ascii())
    }
}

fn tokens(words: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(words.len() / 6);
    let mut at = 0;
    let bytes = words.as_bytes();
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = rest.iter().position(|b| matches!(b, b' ' | b'\n' | b'|')).unwrap_or(rest.len());
        let after = rest.get(end).map_or(' ', |b| char::from(*b));
        if end > 0 {
            let word = words.get(at..at + end).unwrap_or_default();
            let number = vocabulary::number(word.as_bytes());
            let known = number.is_some_and(vocabulary::is_word);
            tokens.push(Token { word, after, known, number: number.filter(|_| known || word.is_ascii()) });
        }
        at += end + 1;
    }
    tokens
}
