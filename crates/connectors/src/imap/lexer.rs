//! The words of a response. Nothing here recurses, and every step takes at least one byte.

use super::frame::Piece;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// Anything that stands for itself: a number, a flag, `NIL`, `BODY[]<0>`.
    Atom(&'a [u8]),
    /// Between quotes, which are taken off; the bytes are as they were sent.
    Quoted(&'a [u8]),
    /// Counted bytes.
    Literal(&'a [u8]),
}

/// Takes one word after the other out of a response's pieces.
pub(super) struct Lexer<'a> {
    untrusted_pieces: std::slice::Iter<'a, Piece>,
    text: &'a [u8],
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    pub(super) fn new(untrusted_pieces: &'a [Piece]) -> Self {
        Self { untrusted_pieces: untrusted_pieces.iter(), text: b"" }
    }

    /// What is left of this piece of text, for people to read.
    pub(super) fn rest_of_line(mut self) -> &'a [u8] {
        while let Some(piece) = self.untrusted_pieces.next().filter(|_| self.text.is_empty()) {
            match piece {
                Piece::Text(text) => self.text = text,
                Piece::Literal(_) => return b"",
            }
        }
        self.text.strip_prefix(b" ").unwrap_or(self.text)
    }

    /// `[CODE arguments]` and what is behind it, if that is what comes next.
    pub(super) fn bracketed(&mut self) -> Option<&'a [u8]> {
        let inner = self.text.strip_prefix(b" ").unwrap_or(self.text).strip_prefix(b"[")?;
        let end = inner.iter().position(|byte| *byte == b']')?;
        let (code, rest) = inner.split_at_checked(end)?;
        self.text = rest.get(1..).unwrap_or_default();
        Some(code)
    }

    /// Up to the word's end, or all of the text if it has none.
    fn split(&mut self, at: Option<usize>) -> &'a [u8] {
        let (word, rest) = self.text.split_at(at.unwrap_or(self.text.len()).min(self.text.len()));
        self.text = rest;
        word
    }

    fn quoted(&mut self) -> &'a [u8] {
        let mut escaped = false;
        let end = self.text.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        let word = self.split(end);
        self.text = self.text.strip_prefix(b"\"").unwrap_or(self.text);
        word
    }

    /// A section of a message is a part of its word, with the spaces in it: `BODY[HEADER.FIELDS (DATE)]`.
    fn atom(&mut self) -> &'a [u8] {
        let end = |byte: &u8| matches!(byte, b' ' | b'(' | b')' | b'"');
        let before = self.text.iter().position(|byte| *byte == b'[').unwrap_or(self.text.len());
        let name = self.text.get(..before).unwrap_or_default();
        let section = name.eq_ignore_ascii_case(b"BODY") || name.eq_ignore_ascii_case(b"BINARY");
        let from = if section {
            self.text.iter().position(|byte| *byte == b']').unwrap_or(self.text.len())
        } else {
            0
        };
        let rest = self.text.get(from..).unwrap_or_default();
        let at = rest.iter().position(end).map(|at| from.saturating_add(at));
        self.split(at)
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let Some((first, rest)) = self.text.split_first() else {
                match self.untrusted_pieces.next()? {
                    Piece::Text(text) => self.text = text,
                    Piece::Literal(bytes) => return Some(Token::Literal(bytes)),
                }
                continue;
            };
            let token = match first {
                b' ' => {
                    self.text = rest;
                    continue;
                }
                b'(' => Token::Open,
                b')' => Token::Close,
                b'"' => {
                    self.text = rest;
                    return Some(Token::Quoted(self.quoted()));
                }
                _ => return Some(Token::Atom(self.atom())),
            };
            self.text = rest;
            return Some(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexer, Piece, Token};

    #[test]
    fn words_are_what_they_are_on_the_wire() {
        let pieces = [
            Piece::Text(b"12 (\\Seen BODY[HEADER.FIELDS (A B)]<0> \"a \\\"(b\" ".to_vec()),
            Piece::Literal(b"x y".to_vec()),
            Piece::Text(b" [Gmail]/All)".to_vec()),
        ];
        let words = [
            Token::Atom(b"12"),
            Token::Open,
            Token::Atom(b"\\Seen"),
            Token::Atom(b"BODY[HEADER.FIELDS (A B)]<0>"),
            Token::Quoted(b"a \\\"(b"),
            Token::Literal(b"x y"),
            Token::Atom(b"[Gmail]/All"),
            Token::Close,
        ];
        assert_eq!(Lexer::new(&pieces).collect::<Vec<_>>(), words);
    }

    #[test]
    fn what_never_closes_ends_with_the_line() {
        for text in [&b"\"abc"[..], b"BODY[abc", b"\"a\\", b"BODY[", b"["] {
            assert_eq!(Lexer::new(&[Piece::Text(text.to_vec())]).count(), 1);
        }
    }
}
