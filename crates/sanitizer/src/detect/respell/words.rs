//! The words of a folded text, each looked up once.

use super::super::vocabulary;

pub(super) struct Token<'t> {
    pub(super) word: &'t str,
    /// What parts it from the next word: a space, a line break or `|`.
    pub(super) after: char,
    pub(super) known: bool,
}

pub(super) fn tokens(words: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(words.len() / 6);
    let mut rest = words;
    while !rest.is_empty() {
        let end = rest.bytes().position(|b| matches!(b, b' ' | b'\n' | b'|')).unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let mut tail = tail.chars();
        let after = tail.next().unwrap_or(' ');
        rest = tail.as_str();
        if !word.is_empty() {
            tokens.push(Token { word, after, known: vocabulary::knows(word.as_bytes()) });
        }
    }
    tokens
}
