//! HTML into tags, texts and comments, by the tokenisation rules of the HTML standard.
//!
//! Not html5ever's tokenizer: that one compares each attribute of a tag with all before it, so that one 25 MiB tag
//! takes hours. This one keeps the few attributes that matter, borrows from the input and never looks back; the tests
//! compare it with html5ever.

use std::borrow::Cow;

use super::{
    attribute::Attribute,
    element::Known,
    entity,
    name::Name,
    raw::{end_of_raw, end_of_script, is_raw},
    tag::Tag,
};
use crate::plain::Kinds;

#[derive(Debug)]
pub(super) enum Token<'a> {
    Text(Cow<'a, str>),
    Open(Tag<'a>),
    Close(Name),
    Comment(&'a str),
}

pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Inside an element whose content is text up to its own end tag.
    raw: Option<Name>,
    /// The attributes of the tag that is read: one list for all tags.
    read: Vec<Attribute<'a>>,
    /// Inside a drawing or formula, where some things are read differently.
    pub(super) in_foreign: bool,
    /// Something was met that other parsers may read otherwise.
    pub(super) odd: bool,
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    pub(super) const fn new(html: &'a str) -> Self {
        Self { rest: html, raw: None, read: Vec::new(), in_foreign: false, odd: false }
    }

    /// The content of the element that was just opened is no raw text: it is part of a drawing or formula.
    pub(super) fn go_on_as_markup(&mut self) {
        self.raw = None;
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes up to a mark, and the mark.
    fn take_through(&mut self, mark: &str) -> &'a str {
        let end = self.rest.find(mark);
        let taken = self.take(end.unwrap_or(self.rest.len()));
        self.take(mark.len().min(self.rest.len()));
        taken
    }

    /// Text before the next `<`, its references resolved.
    fn text(&mut self) -> Cow<'a, str> {
        let bytes = self.rest.as_bytes();
        match memchr::memchr2(b'<', b'&', bytes) {
            Some(at) if bytes.get(at) == Some(&b'&') => {
                let end = memchr::memchr(b'<', bytes).unwrap_or(bytes.len());
                entity::decode(self.take(end), false)
            }
            end => Cow::Borrowed(self.take(end.unwrap_or(bytes.len()))),
        }
    }

    fn raw_text(&mut self, name: Name) -> Token<'a> {
        let end =
            if name.known == Known::SCRIPT { end_of_script(self.rest) } else { end_of_raw(self.rest, name) };
        self.odd |= end == self.rest.len();
        let text = self.take(end);
        match name.known {
            Known::TITLE | Known::TEXTAREA => Token::Text(entity::decode(text, false)),
            _ => Token::Text(Cow::Borrowed(text)),
        }
    }

    /// After `<!`.
    fn declaration(&mut self) -> Token<'a> {
        if self.in_foreign
            && let Some(text) = self.rest.strip_prefix("[CDATA[")
        {
            self.rest = text;
            return Token::Text(Cow::Borrowed(self.take_through("]]>")));
        }
        let Some(comment) = self.rest.strip_prefix("--") else {
            self.odd |= self.rest.starts_with('[');
            return Token::Comment(self.take_through(">"));
        };
        self.rest = comment;
        for abrupt in [">", "->"] {
            if let Some(rest) = comment.strip_prefix(abrupt) {
                // `<!--><` is how conditional comments end that all are to see
                self.odd |= !rest.starts_with(['<', '\n', '\r', ' ']);
                self.rest = rest;
                return Token::Comment("");
            }
        }
        // `-->` or `--!>`, whichever comes first
        let mut from = 0;
        while let Some(at) = comment.get(from..).and_then(|rest| rest.find("--")) {
            let after = comment.get(from + at + 2..).unwrap_or_default();
            for (close, length) in [(">", 3), ("!>", 4)] {
                if after.starts_with(close) {
                    self.odd |= length == 4;
                    let text = self.take(from + at);
                    self.take(length);
                    return Token::Comment(text);
                }
            }
            from += at + 1;
        }
        self.odd = true;
        Token::Comment(self.take(comment.len()))
    }

    /// After `<` or `</`, at a letter. A tag that never ends says nothing.
    fn tag(&mut self) -> Option<Tag<'a>> {
        let text = self.rest;
        let bytes = text.as_bytes();
        let at = |i: usize| bytes.get(i).copied();
        let slice = |from: usize, to: usize| text.get(from..to).unwrap_or_default();

        let mut i = until(bytes, 0, SPACE | SLASH | GREATER);
        let mut tag = Tag::new(slice(0, i));
        self.read.clear();
        loop {
            let from = i;
            i = behind(bytes, i, SPACE | SLASH);
            tag.closes_itself = i > from && at(i - 1) == Some(b'/');
            if at(i).is_none_or(|b| b == b'>') {
                break;
            }
            let name_end = until(bytes, i + 1, SPACE | SLASH | GREATER | EQUALS);
            let name = slice(i, name_end);
            i = behind(bytes, name_end, SPACE);
            if at(i) != Some(b'=') {
                tag.keep(&mut self.read, name, "");
                i = if at(i).is_none() { i } else { name_end };
                continue;
            }
            i = behind(bytes, i + 1, SPACE);
            let (from, to, next) = match at(i) {
                Some(quote @ (b'"' | b'\'')) => (i + 1, quoted(bytes, i + 1, quote), 1),
                Some(b'>') => (i, i, 0),
                _ => (i, until(bytes, i, SPACE | GREATER), 0),
            };
            tag.keep(&mut self.read, name, slice(from, to));
            i = to + next;
        }
        tag.end(&self.read);
        let ended = i < bytes.len();
        self.take(i + 1);
        ended.then_some(tag)
    }
}

const SPACE: u8 = 1 << 0;
const SLASH: u8 = 1 << 1;
const GREATER: u8 = 1 << 2;
const EQUALS: u8 = 1 << 3;
/// What ends names and values in tags.
static MARKS: Kinds = Kinds::of(&[(b" \t\n\r\x0c", SPACE), (b"/", SLASH), (b">", GREATER), (b"=", EQUALS)]);

/// The next place where there is a byte of these kinds.
fn until(bytes: &[u8], from: usize, kinds: u8) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|b| MARKS.kind(*b) & kinds != 0).map_or(bytes.len(), |n| from + n)
}

/// The next place where there is a byte of other kinds.
fn behind(bytes: &[u8], from: usize, kinds: u8) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|b| MARKS.kind(*b) & kinds == 0).map_or(bytes.len(), |n| from + n)
}

/// Where a quoted value ends.
fn quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memchr(quote, rest).map_or(bytes.len(), |n| from + n)
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            return Some(self.raw_text(name));
        }
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(markup) = self.rest.strip_prefix('<') else {
                return Some(Token::Text(self.text()));
            };
            let is_letter = |text: &str| text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
            if is_letter(markup) {
                self.rest = markup;
                let tag = self.tag()?;
                self.raw = is_raw(tag.name).then_some(tag.name);
                return Some(Token::Open(tag));
            }
            if let Some(close) = markup.strip_prefix('/') {
                if is_letter(close) {
                    self.rest = close;
                    return self.tag().map(|tag| Token::Close(tag.name));
                }
                if !close.is_empty() {
                    self.rest = close;
                    let comment = self.take_through(">");
                    if comment.is_empty() {
                        continue;
                    }
                    return Some(Token::Comment(comment));
                }
            }
            if let Some(declaration) = markup.strip_prefix('!') {
                self.rest = declaration;
                return Some(self.declaration());
            }
            if markup.starts_with('?') {
                self.odd |= !markup.starts_with("?xml");
                self.rest = markup;
                return Some(Token::Comment(self.take_through(">")));
            }
            return Some(Token::Text(Cow::Borrowed(self.take(1))));
        }
    }
}

#[cfg(test)]
mod against_html5ever;
