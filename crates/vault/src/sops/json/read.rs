//! Reading (RFC 8259).

use crate::sops::Text;
use crate::sops::limits::{DEEPEST, Unreadable, wrong};
use crate::sops::tree::{Item, Kind, Node, Scalar};
use crate::sops::wiped::Wiped;
use std::collections::HashSet;

const BAD_TEXT: &str = "a text holds an escape or a control character that JSON does not have";

/// Reads a text as one object.
pub(crate) fn read(untrusted: &str) -> Result<Vec<Item>, Unreadable> {
    let mut reader = Reader { rest: untrusted, line: 1, depth: 0 };
    let node = match reader.next() {
        Some('{') => reader.node()?,
        _ => return reader.wrong("the file must be one object, { … }"),
    };
    match (node, reader.next()) {
        (Node::Map(items), None) => Ok(items),
        _ => reader.wrong("something stands behind the object"),
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    depth: usize,
}

// === impl Reader ===

impl Reader<'_> {
    fn wrong<T>(&self, what: &'static str) -> Result<T, Unreadable> {
        wrong(self.line, what)
    }

    /// The next letter that is no space.
    fn next(&mut self) -> Option<char> {
        let trimmed = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let skipped = self.rest.len() - trimmed.len();
        self.line += self.rest.bytes().take(skipped).filter(|byte| *byte == b'\n').count();
        self.rest = trimmed;
        trimmed.chars().next()
    }

    fn takes(&mut self, letter: char) -> bool {
        self.next();
        match self.rest.strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn node(&mut self) -> Result<Node, Unreadable> {
        match self.next() {
            Some('{') => self.deeper(Self::object),
            Some('[') => self.deeper(Self::array),
            Some('"') => Ok(Node::Leaf(Scalar::text(self.text()?))),
            Some('-' | '0'..='9') => self.number(),
            Some(_) | None => self.word(),
        }
    }

    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Node, Unreadable>,
    ) -> Result<Node, Unreadable> {
        if self.depth >= DEEPEST {
            return self.wrong("objects and arrays stand too deep in each other");
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn object(&mut self) -> Result<Node, Unreadable> {
        let (mut items, mut keys) = (Vec::new(), HashSet::new());
        self.takes('{');
        if self.takes('}') {
            return Ok(Node::Map(items));
        }
        loop {
            if self.next() != Some('"') {
                return self.wrong("a key in quotes is missing");
            }
            let key = self.text()?.as_str().to_owned();
            if key.is_empty() {
                return self.wrong("a key is empty");
            }
            if !keys.insert(key.clone()) {
                return self.wrong("a key stands twice in one object");
            }
            if !self.takes(':') {
                return self.wrong("a colon is missing behind a key");
            }
            items.push(Item::pair(key, self.node()?));
            if self.takes('}') {
                return Ok(Node::Map(items));
            }
            if !self.takes(',') {
                return self.wrong("a comma or } is missing");
            }
        }
    }

    fn array(&mut self) -> Result<Node, Unreadable> {
        let mut items = Vec::new();
        self.takes('[');
        if self.takes(']') {
            return Ok(Node::List(items));
        }
        loop {
            items.push(Item::element(self.node()?));
            if self.takes(']') {
                return Ok(Node::List(items));
            }
            if !self.takes(',') {
                return self.wrong("a comma or ] is missing");
            }
        }
    }

    fn text(&mut self) -> Result<Text, Unreadable> {
        let mut said = Wiped::default();
        let mut letters = self.rest.chars();
        letters.next();
        loop {
            match letters.next() {
                Some('"') => {
                    self.rest = letters.as_str();
                    return Ok(said.into_text());
                }
                Some('\\') => match escaped(&mut letters) {
                    Some(letter) => said.push(letter),
                    None => return self.wrong(BAD_TEXT),
                },
                Some(control) if control < ' ' => return self.wrong(BAD_TEXT),
                Some(letter) => said.push(letter),
                None => return self.wrong("a text has no end"),
            }
        }
    }

    fn number(&mut self) -> Result<Node, Unreadable> {
        let is_part = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
        let end = self.rest.find(|letter| !is_part(letter)).unwrap_or(self.rest.len());
        let Some((text, rest)) = self.rest.split_at_checked(end).filter(|(text, _)| is_number(text)) else {
            return self.wrong("a number is not one");
        };
        self.rest = rest;
        let scalar = match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Scalar::new(Kind::Int, whole.to_string()),
            (Err(_), Ok(number)) if number.is_finite() => Scalar::float(number),
            (Err(_), _) => return self.wrong("a number is too large"),
        };
        Ok(Node::Leaf(scalar))
    }

    fn word(&mut self) -> Result<Node, Unreadable> {
        for (word, scalar) in
            [("null", Scalar::null()), ("true", Scalar::boolean(true)), ("false", Scalar::boolean(false))]
        {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(Node::Leaf(scalar));
            }
        }
        self.wrong("a value is missing; text stands in quotes")
    }
}

/// RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, part) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && part.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    match letters.next()? {
        same @ ('"' | '\\' | '/') => Some(same),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'u' => {
            let first = four_digits(letters)?;
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first);
            }
            let second = (letters.next() == Some('\\') && letters.next() == Some('u'))
                .then(|| four_digits(letters))??;
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)
        }
        _ => None,
    }
}

fn four_digits(letters: &mut std::str::Chars<'_>) -> Option<u32> {
    let mut code = 0;
    for _ in 0..4 {
        code = code * 16 + letters.next()?.to_digit(16)?;
    }
    Some(code)
}
