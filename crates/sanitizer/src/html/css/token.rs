//! CSS into tokens, by the rules of CSS Syntax Module Level 3, section 4: escapes, comments and broken strings as browsers
//! read them.

use std::borrow::Cow;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Space,
    Ident(Cow<'a, str>),
    /// A name with its `(`.
    Function(Cow<'a, str>),
    At(Cow<'a, str>),
    Hash(Cow<'a, str>),
    Text(Cow<'a, str>),
    Url,
    /// A string with a line break in it, or a broken `url(`: what holds it is invalid.
    Bad,
    Number(f32),
    Percent(f32),
    Dimension(f32, Cow<'a, str>),
    Colon,
    Semicolon,
    Comma,
    Open(u8),
    Close(u8),
    Other(char),
}

#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    css: &'a str,
    at: usize,
}

/// Lower case, without a copy where it is so already.
pub(super) fn lower(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(name.to_ascii_lowercase()) } else { name }
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    pub(super) const fn new(css: &'a str) -> Self {
        Self { css, at: 0 }
    }

    /// Bytes that were read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.css.get(from..to).unwrap_or_default()
    }

    /// The next token that is not space.
    pub(super) fn solid(&mut self) -> Option<Token<'a>> {
        self.find(|token| *token != Token::Space)
    }

    fn rest(&self) -> &'a [u8] {
        self.css.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.css.as_bytes().get(self.at + ahead).copied()
    }

    fn skip_while(&mut self, test: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().position(|b| !test(*b)).unwrap_or(self.rest().len());
    }

    /// One character, for what is neither a name nor a mark.
    fn take_char(&mut self) -> Option<char> {
        let c = self.css.get(self.at..)?.chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn is_escape(&self, ahead: usize) -> bool {
        self.byte(ahead) == Some(b'\\') && !matches!(self.byte(ahead + 1), Some(b'\n' | b'\r' | 0xc))
    }

    fn starts_name(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            Some(b'-') => {
                self.byte(ahead + 1).is_some_and(|b| b == b'-' || is_name_start(b))
                    || self.is_escape(ahead + 1)
            }
            Some(b) => is_name_start(b) || self.is_escape(ahead),
            None => false,
        }
    }

    /// After a backslash: up to six digits and one space, or the character itself.
    fn escape(&mut self) -> char {
        let digits = self.rest().iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
        if digits == 0 {
            return self.take_char().unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        let number = u32::from_str_radix(self.slice(self.at, self.at + digits), 16).unwrap_or_default();
        self.at += digits;
        if self.byte(0) == Some(b'\r') && self.byte(1) == Some(b'\n') {
            self.at += 1;
        }
        if self.byte(0).is_some_and(is_space) {
            self.at += 1;
        }
        char::from_u32(number).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn name(&mut self) -> Cow<'a, str> {
        let start = self.at;
        self.skip_while(is_name);
        if !self.is_escape(0) {
            return Cow::Borrowed(self.slice(start, self.at));
        }
        let mut name = self.slice(start, self.at).to_owned();
        while self.is_escape(0) {
            self.at += 1;
            name.push(self.escape());
            let start = self.at;
            self.skip_while(is_name);
            name.push_str(self.slice(start, self.at));
        }
        Cow::Owned(name)
    }

    /// After its quote. A line break makes it bad, the end of the sheet does not.
    fn string(&mut self, quote: u8) -> Token<'a> {
        let start = self.at;
        let plain = |b: u8| b != quote && !matches!(b, b'\\' | b'\n' | b'\r' | 0xc);
        self.skip_while(plain);
        if self.byte(0) == Some(quote) {
            self.at += 1;
            return Token::Text(Cow::Borrowed(self.slice(start, self.at - 1)));
        }
        let mut text = self.slice(start, self.at).to_owned();
        loop {
            match self.byte(0) {
                None => return Token::Text(Cow::Owned(text)),
                Some(b'\\') => {
                    self.at += 1;
                    match self.byte(0) {
                        None => {}
                        // an escaped line break continues the string
                        Some(b'\n' | b'\r' | 0xc) => self.at += 1,
                        Some(_) => text.push(self.escape()),
                    }
                }
                Some(b) if b == quote => {
                    self.at += 1;
                    return Token::Text(Cow::Owned(text));
                }
                Some(_) if self.byte(0).is_some_and(plain) => {
                    let start = self.at;
                    self.skip_while(plain);
                    text.push_str(self.slice(start, self.at));
                }
                Some(_) => return Token::Bad,
            }
        }
    }

    /// After `url(`, where no quote follows.
    fn url(&mut self) -> Token<'a> {
        let mut bad = false;
        loop {
            self.skip_while(|b| !matches!(b, b')' | b'\\' | b'"' | b'\'' | b'('));
            match self.byte(0) {
                None => return Token::Url,
                Some(b')') => {
                    self.at += 1;
                    return if bad { Token::Bad } else { Token::Url };
                }
                Some(b'\\') if self.is_escape(0) => {
                    self.at += 1;
                    self.escape();
                }
                Some(_) => {
                    bad = true;
                    self.at += 1;
                }
            }
        }
    }

    fn named(&mut self) -> Token<'a> {
        let name = self.name();
        if self.byte(0) != Some(b'(') {
            return Token::Ident(name);
        }
        self.at += 1;
        let quoted = self.rest().iter().find(|b| !is_space(**b)).is_some_and(|b| matches!(b, b'"' | b'\''));
        if name.eq_ignore_ascii_case("url") && !quoted { self.url() } else { Token::Function(name) }
    }

    fn starts_number(&self) -> bool {
        let digit = |ahead: usize| self.byte(ahead).is_some_and(|b| b.is_ascii_digit());
        match self.byte(0) {
            Some(b'+' | b'-') => digit(1) || self.byte(1) == Some(b'.') && digit(2),
            Some(b'.') => digit(1),
            _ => digit(0),
        }
    }

    fn number(&mut self) -> Token<'a> {
        let start = self.at;
        if matches!(self.byte(0), Some(b'+' | b'-')) {
            self.at += 1;
        }
        self.skip_while(|b| b.is_ascii_digit());
        if self.byte(0) == Some(b'.') && self.byte(1).is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
            self.skip_while(|b| b.is_ascii_digit());
        }
        let signed = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
        if matches!(self.byte(0), Some(b'e' | b'E'))
            && self.byte(1 + signed).is_some_and(|b| b.is_ascii_digit())
        {
            self.at += 1 + signed;
            self.skip_while(|b| b.is_ascii_digit());
        }
        let number = self.slice(start, self.at).parse().unwrap_or_default();
        if self.byte(0) == Some(b'%') {
            self.at += 1;
            Token::Percent(number)
        } else if self.starts_name(0) {
            Token::Dimension(number, self.name())
        } else {
            Token::Number(number)
        }
    }

    fn skip_comments(&mut self) {
        while self.rest().starts_with(b"/*") {
            let end = self.css.get(self.at + 2..).and_then(|rest| rest.find("*/"));
            self.at = end.map_or(self.css.len(), |end| self.at + end + 4);
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_comments();
        let b = self.byte(0)?;
        if is_space(b) {
            self.skip_while(is_space);
            return Some(Token::Space);
        }
        if self.starts_name(0) {
            return Some(self.named());
        }
        if self.starts_number() {
            return Some(self.number());
        }
        let mark = match b {
            b':' => Token::Colon,
            b';' => Token::Semicolon,
            b',' => Token::Comma,
            b'(' | b'[' | b'{' => Token::Open(b),
            b')' | b']' | b'}' => Token::Close(b),
            b'"' | b'\'' => {
                self.at += 1;
                return Some(self.string(b));
            }
            b'#' if self.byte(1).is_some_and(is_name) || self.is_escape(1) => {
                self.at += 1;
                return Some(Token::Hash(self.name()));
            }
            b'@' if self.starts_name(1) => {
                self.at += 1;
                return Some(Token::At(self.name()));
            }
            _ => return self.take_char().map(Token::Other),
        };
        self.at += 1;
        Some(mark)
    }
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0xc)
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn is_name(b: u8) -> bool {
    is_name_start(b) || b.is_ascii_digit() || b == b'-'
}

#[cfg(test)]
mod tests;
