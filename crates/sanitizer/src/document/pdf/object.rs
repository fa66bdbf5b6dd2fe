//! Values as PDF writes them (ISO 32000-2, 7.2 and 7.3), read with patience.

/// Arrays and dictionaries within each other.
const DEPTH: usize = 24;

/// Values in one object. A page's dictionary has a hundred, a table of glyph widths some thousands.
const VALUES: usize = 100_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Null,
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    Reference(u32),
    /// An operator, `true`, `obj` …
    Word(Vec<u8>),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dict(Vec<(Vec<u8>, Object)>);

/// Reads values from a place on.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    values: usize,
}

// === impl Object ===

impl Object {
    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Object]> {
        if let Self::Array(values) = self { Some(values) } else { None }
    }

    pub(super) fn reference(&self) -> Option<u32> {
        if let Self::Reference(number) = self { Some(*number) } else { None }
    }

    /// A text for people: UTF-16 or UTF-8 by its mark, and else nearly Latin 1.
    pub(super) fn text(&self) -> Option<String> {
        if let Self::Text(bytes) = self { Some(crate::charset::decode(bytes, None)) } else { None }
    }
}

// === impl Dict ===

impl Dict {
    /// The last of a name, as most programs take it.
    pub(super) fn get(&self, name: &str) -> Option<&Object> {
        self.0.iter().rev().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| value)
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).and_then(Object::name) == Some(value.as_bytes())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value))
    }
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, values: VALUES }
    }

    /// A page's operators may be as many as there are.
    pub(super) fn of_operators(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, values: usize::MAX }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn skip_blanks(&mut self) {
        while let Some(b) = self.peek() {
            if b == b'%' {
                self.at +=
                    self.rest().iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(self.rest().len());
            } else if is_blank(b) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The next value; none at the end, or where there are too many.
    pub(super) fn next(&mut self) -> Option<Object> {
        self.value(0)
    }

    /// Calls itself at most [`DEPTH`] times deep.
    fn value(&mut self, depth: usize) -> Option<Object> {
        self.skip_blanks();
        self.values = self.values.checked_sub(1)?;
        let b = self.peek()?;
        self.at += 1;
        Some(match b {
            b'/' => Object::Name(self.name()),
            b'(' => Object::Text(self.text()),
            b'<' if self.peek() == Some(b'<') => {
                self.at += 1;
                let mut dict = Dict::default();
                loop {
                    self.skip_blanks();
                    match self.peek()? {
                        _ if depth >= DEPTH => break,
                        b'>' => break,
                        b'/' => {
                            self.at += 1;
                            let name = self.name();
                            let value = self.value(depth + 1)?;
                            dict.0.push((name, value));
                        }
                        _ => drop(self.value(depth + 1)?),
                    }
                }
                self.at += 2;
                Object::Dict(dict)
            }
            b'<' => Object::Text(self.hex()),
            b'[' => {
                let mut values = Vec::new();
                loop {
                    self.skip_blanks();
                    if depth >= DEPTH || self.peek()? == b']' {
                        break;
                    }
                    values.push(self.value(depth + 1)?);
                }
                self.at += 1;
                Object::Array(values)
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' => {
                self.at -= 1;
                self.number()
            }
            b')' | b'>' | b']' | b'{' | b'}' => Object::Word(vec![b]),
            _ => {
                let length = self.rest().iter().take_while(|b| is_regular(**b)).count();
                let word = self.bytes.get(self.at - 1..self.at + length).unwrap_or_default();
                self.at += length;
                if word == b"null" { Object::Null } else { Object::Word(word.to_vec()) }
            }
        })
    }

    fn name(&mut self) -> Vec<u8> {
        let length = self.rest().iter().take_while(|b| is_regular(**b)).count();
        let mut written = self.rest().get(..length).unwrap_or_default();
        self.at += length;
        let mut name = Vec::with_capacity(length);
        while let [b, after @ ..] = written {
            written = after;
            if let (b'#', [high, low, after @ ..]) = (b, after)
                && let (Some(high), Some(low)) = (crate::mail::hex_digit(*high), crate::mail::hex_digit(*low))
            {
                name.push(high * 16 + low);
                written = after;
            } else {
                name.push(*b);
            }
        }
        name
    }

    fn text(&mut self) -> Vec<u8> {
        let (mut text, mut open) = (Vec::new(), 0usize);
        while let Some(b) = self.peek() {
            self.at += 1;
            match b {
                b'(' => open += 1,
                b')' if open == 0 => break,
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(b);
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(b) = self.peek() else { return };
        self.at += 1;
        match b {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' | b'f' | b'\n' => {}
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'0'..=b'7' => {
                let mut code = u32::from(b - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push((code & 0xff) as u8);
            }
            other => text.push(other),
        }
    }

    fn hex(&mut self) -> Vec<u8> {
        let end = self.rest().iter().position(|b| *b == b'>').unwrap_or(self.rest().len());
        let mut digits =
            self.rest().get(..end).unwrap_or_default().iter().filter_map(|b| crate::mail::hex_digit(*b));
        let mut text = Vec::with_capacity(end / 2);
        while let Some(high) = digits.next() {
            text.push(high * 16 + digits.next().unwrap_or_default());
        }
        self.at += end + 1;
        text
    }

    /// A number, or the three words of a reference.
    fn number(&mut self) -> Object {
        let number = self.plain_number();
        let after = self.at;
        if number >= 0.0 && number.fract() == 0.0 && number < f64::from(u32::MAX) {
            self.at += usize::from(self.peek().is_some_and(is_blank));
            let generation = self.rest().iter().take(6).take_while(|b| b.is_ascii_digit()).count();
            self.at += generation;
            if generation > 0
                && let [blank, b'R', rest @ ..] = self.rest()
                && is_blank(*blank)
                && !rest.first().is_some_and(|b| is_regular(*b))
            {
                self.at += 2;
                return Object::Reference(number as u32);
            }
            self.at = after;
        }
        Object::Number(number)
    }

    fn plain_number(&mut self) -> f64 {
        let length = self.rest().iter().take_while(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.')).count();
        let written = self.rest().get(..length.min(40)).unwrap_or_default();
        self.at += length.max(1);
        str::from_utf8(written).ok().and_then(|written| written.parse().ok()).unwrap_or_default()
    }
}

pub(super) fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b'\x0c' | 0)
}

fn is_regular(b: u8) -> bool {
    !is_blank(b) && !matches!(b, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        let text = |text: &str| Object::Text(text.into());
        for (written, value) in [
            ("12 0 R", Some(Object::Reference(12))),
            ("12 0 Rx", Some(Object::Number(12.0))),
            ("-.5", Some(Object::Number(-0.5))),
            ("1-2", Some(Object::Number(0.0))),
            ("% comment\n/A#42c", Some(Object::Name(b"ABc".into()))),
            ("(a(b)\\)\\101\\\nc\\n)", Some(text("a(b))Ac\n"))),
            ("<48 656c6C 6F>", Some(text("Hello"))),
            ("<4", Some(text("@"))),
            ("null", Some(Object::Null)),
            (
                "[1 [/a] (b)]",
                Some(Object::Array(vec![
                    Object::Number(1.0),
                    Object::Array(vec![Object::Name(b"a".into())]),
                    text("b"),
                ])),
            ),
            ("<</a 1/b<</c 2>>", None),
            ("Tj", Some(Object::Word(b"Tj".into()))),
            ("", None),
        ] {
            assert_eq!(Lexer::new(written.as_bytes(), 0).next(), value, "{written}");
        }
        let dict = Lexer::new(b"<</a 1 /b 2 0 R/a 3>>", 0).next().unwrap();
        let dict = dict.dict().unwrap();
        assert_eq!(dict.get("a"), Some(&Object::Number(3.0)));
        assert_eq!(dict.get("b").and_then(Object::reference), Some(2));
    }

    #[test]
    fn endless_nesting_and_endless_values_end() {
        for written in
            ["[".repeat(100_000), "<<".repeat(100_000), "<</a".repeat(100_000), "[1 ".repeat(100_000)]
        {
            let mut lexer = Lexer::new(written.as_bytes(), 0);
            while lexer.next().is_some() {}
        }
    }
}
