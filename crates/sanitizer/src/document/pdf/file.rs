//! Where a PDF's objects are.
//!
//! Not by the file's own table: that can be broken, doubled, or made to say one thing to one program and another to the
//! next. Every object in the file is found by its look, and the last of a number counts, as after a later change.

use std::{borrow::Cow, cell::Cell, collections::HashMap};

use memchr::memmem;

use super::{
    filter,
    object::{Dict, Lexer, Object, is_blank},
};

/// Objects of one file.
const OBJECTS: usize = 200_000;

/// Entries of all fonts' tables.
const CODES: usize = 150_000;

/// References from one to the next until a value.
const CHAIN: usize = 8;

pub(super) struct File<'a> {
    bytes: &'a [u8],
    places: HashMap<u32, Place>,
    /// Streams of objects, unpacked.
    unpacked: Vec<Vec<u8>>,
    pub(super) catalog: Option<u32>,
    /// Every page, where no catalogue leads to them.
    pub(super) pages: Vec<u32>,
    pub(super) about: Option<Object>,
    pub(super) is_encrypted: bool,
    /// Bytes that may still be read again, and to which streams may still unpack.
    to_read: Cell<usize>,
    to_unpack: Cell<usize>,
    /// Entries of fonts' tables that may still be kept.
    to_map: Cell<usize>,
    /// All of it was read so far.
    pub(super) fully: Cell<bool>,
}

#[derive(Clone, Copy)]
enum Place {
    At(usize),
    Within { stream: usize, at: usize },
}

// === impl File ===

impl<'a> File<'a> {
    /// Finds every object. `to_unpack` bounds what all streams together may unpack to.
    pub(super) fn index(bytes: &'a [u8], to_unpack: usize) -> Self {
        let mut file = Self {
            bytes,
            places: HashMap::new(),
            unpacked: Vec::new(),
            catalog: None,
            pages: Vec::new(),
            about: None,
            is_encrypted: false,
            to_read: Cell::new(bytes.len() * 4 + 1024 * 1024),
            to_unpack: Cell::new(to_unpack),
            to_map: Cell::new(CODES),
            fully: Cell::new(true),
        };
        let finder = memmem::Finder::new(b"obj");
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| finder.find(rest)) {
            let word = at + found;
            at = word + 3;
            let Some(number) = number_before(bytes.get(..word).unwrap_or_default()) else { continue };
            let mut lexer = Lexer::new(bytes, at);
            let object = lexer.next();
            if !file.spend(lexer.at - at) || file.places.len() >= OBJECTS {
                break;
            }
            file.places.insert(number, Place::At(at));
            if let Some(Object::Dict(dict)) = &object {
                let stream = file.packed(dict, &mut lexer);
                at = lexer.at.max(at);
                file.note(number, dict, stream);
            } else if object.is_some() {
                at = lexer.at.max(at);
            }
        }
        for found in memmem::find_iter(bytes, b"trailer").take(100) {
            let mut lexer = Lexer::new(bytes, found + 7);
            let object = lexer.next();
            if !file.spend(lexer.at.saturating_sub(found)) {
                break;
            }
            if let Some(Object::Dict(dict)) = object {
                file.trailer(&dict);
            }
        }
        file
    }

    /// What is used again later.
    fn note(&mut self, number: u32, dict: &Dict, stream: Option<&[u8]>) {
        match dict.get("Type").and_then(Object::name).unwrap_or_default() {
            b"Catalog" => self.catalog = Some(number),
            b"Page" => self.pages.push(number),
            b"XRef" => self.trailer(dict),
            b"ObjStm" => {
                if let Some(packed) = stream {
                    self.objects_within(dict, packed);
                }
            }
            _ => {}
        }
    }

    fn trailer(&mut self, dict: &Dict) {
        self.is_encrypted |= dict.get("Encrypt").is_some();
        if let Some(about) = dict.get("Info") {
            self.about = Some(about.clone());
        }
    }

    /// A stream of objects begins with pairs of number and place.
    fn objects_within(&mut self, dict: &Dict, packed: &[u8]) {
        let number =
            |name| dict.get(name).and_then(Object::number).unwrap_or_default().clamp(0.0, 1e9) as usize;
        let (count, first) = (number("N"), number("First"));
        let bytes = self.unpack(dict, packed);
        let stream = self.unpacked.len();
        let mut pairs = Lexer::new(&bytes, 0);
        let mut found = Vec::new();
        for _ in 0..count.min(OBJECTS) {
            let (Some(Object::Number(number)), Some(Object::Number(at))) = (pairs.next(), pairs.next())
            else {
                break;
            };
            found.push((number as u32, first.saturating_add(at.max(0.0) as usize)));
        }
        let mut dicts = Vec::new();
        for (number, at) in found {
            let mut lexer = Lexer::new(&bytes, at.min(bytes.len()));
            let object = lexer.next();
            if !self.spend(lexer.at.saturating_sub(at)) || self.places.len() >= OBJECTS {
                break;
            }
            self.places.insert(number, Place::Within { stream, at });
            if let Some(Object::Dict(dict)) = object {
                dicts.push((number, dict));
            }
        }
        self.unpacked.push(bytes);
        for (number, dict) in dicts {
            self.note(number, &dict, None);
        }
    }

    /// The bytes behind a dictionary, if it is a stream's. The lexer stands behind them then.
    fn packed(&self, dict: &Dict, lexer: &mut Lexer<'a>) -> Option<&'a [u8]> {
        lexer.skip_blanks();
        let data = lexer.rest().strip_prefix(b"stream")?;
        let data = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n")).unwrap_or(data);
        let start = self.bytes.len() - data.len();
        let ends = |length: usize| {
            let rest = data.get(length..).unwrap_or_default().get(..32).unwrap_or_default();
            rest.trim_ascii_start().starts_with(b"endstream")
        };
        let claimed = dict.get("Length").and_then(Object::number).filter(|length| *length >= 0.0);
        let length = match claimed.map(|length| length as usize).filter(|length| ends(*length)) {
            Some(length) => length,
            None => {
                let found = memmem::find(data, b"endstream");
                self.spend(found.unwrap_or(data.len()));
                found?
            }
        };
        lexer.at = start + length;
        data.get(..length)
    }

    fn unpack(&self, dict: &Dict, packed: &[u8]) -> Vec<u8> {
        let limit = self.to_unpack.get();
        if limit == 0 || !self.spend(packed.len()) {
            self.fully.set(false);
            return Vec::new();
        }
        let (bytes, all) = filter::unpack(dict, packed, limit);
        self.to_unpack.set(limit.saturating_sub(bytes.len()));
        self.fully.set(self.fully.get() && all);
        bytes
    }

    pub(super) fn left_to_unpack(&self) -> usize {
        self.to_unpack.get()
    }

    /// Counts bytes as read; whether that was within the limit.
    pub(super) fn spend(&self, bytes: usize) -> bool {
        let left = self.to_read.get();
        self.to_read.set(left.saturating_sub(bytes.max(16)));
        if bytes > left {
            self.fully.set(false);
        }
        bytes <= left
    }

    /// As many entries of a font's table as may still be kept.
    pub(super) fn map(&self, entries: usize) -> usize {
        let allowed = entries.min(self.to_map.get());
        self.to_map.set(self.to_map.get() - allowed);
        self.fully.set(self.fully.get() && allowed == entries);
        allowed
    }

    /// An object by its number, and for a stream's dictionary the lexer behind it.
    fn object(&self, number: u32) -> Option<(Object, Option<Lexer<'a>>)> {
        if self.to_read.get() == 0 {
            return None;
        }
        match *self.places.get(&number)? {
            Place::At(at) => {
                let mut lexer = Lexer::new(self.bytes, at);
                let object = lexer.next();
                self.spend(lexer.at.saturating_sub(at));
                Some((object?, Some(lexer)))
            }
            Place::Within { stream, at } => {
                let mut lexer = Lexer::new(self.unpacked.get(stream)?, at);
                let object = lexer.next();
                self.spend(lexer.at.saturating_sub(at));
                Some((object?, None))
            }
        }
    }

    /// A value, or what it refers to.
    pub(super) fn resolve<'o>(&self, value: &'o Object) -> Option<Cow<'o, Object>> {
        let Some(mut number) = value.reference() else { return Some(Cow::Borrowed(value)) };
        for _ in 0..CHAIN {
            match self.object(number)?.0 {
                Object::Reference(next) => number = next,
                value => return Some(Cow::Owned(value)),
            }
        }
        None
    }

    /// An entry of a dictionary, or what it refers to.
    pub(super) fn entry<'d>(&self, dict: &'d Dict, name: &str) -> Option<Cow<'d, Object>> {
        self.resolve(dict.get(name)?)
    }

    /// A dictionary, or the one it refers to, or the one of the stream it refers to.
    pub(super) fn dict<'o>(&self, value: &'o Object) -> Option<Cow<'o, Dict>> {
        match self.resolve(value)? {
            Cow::Borrowed(value) => value.dict().map(Cow::Borrowed),
            Cow::Owned(Object::Dict(dict)) => Some(Cow::Owned(dict)),
            Cow::Owned(_) => None,
        }
    }

    /// A stream, unpacked.
    pub(super) fn stream(&self, value: &Object) -> Option<Vec<u8>> {
        let (object, lexer) = self.object(value.reference()?)?;
        let dict = object.dict()?;
        let packed = self.packed(dict, &mut lexer?)?;
        Some(self.unpack(dict, packed))
    }
}

/// `12 0 obj`: the number before the word, or none where it is another word.
fn number_before(before: &[u8]) -> Option<u32> {
    let before = before.get(before.len().saturating_sub(32)..).unwrap_or_default();
    let last_number = |bytes: &[u8]| {
        let digits = bytes.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        bytes.len() - digits
    };
    let blanks = |bytes: &[u8]| bytes.iter().rev().take_while(|b| is_blank(**b)).count();
    let before = before.get(..before.len() - blanks(before))?;
    let generation = last_number(before);
    let (rest, digits) = before.split_at_checked(generation)?;
    let between = blanks(rest);
    if digits.is_empty() || between == 0 {
        return None;
    }
    let rest = rest.get(..rest.len() - between)?;
    str::from_utf8(rest.get(last_number(rest)..)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_their_look_and_the_last_of_a_number_counts() {
        let pdf = b"1 0 obj 7 endobj 1 0 obj 8 endobj\n2 0 obj<</Length 5>>stream\n3 0 obj 9\nendstream 4 0 obj 1 0 R endobj x obj 5obj";
        let file = File::index(pdf, 1000);
        let found = |number| file.resolve(&Object::Reference(number)).map(Cow::into_owned);
        assert_eq!(found(1), Some(Object::Number(8.0)));
        assert_eq!(found(3), None);
        assert_eq!(found(4), Some(Object::Number(8.0)));
        assert_eq!(file.stream(&Object::Reference(2)).as_deref(), Some(&b"3 0 obj 9\n"[..]));
    }

    #[test]
    fn objects_in_packed_streams_are_found() {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(b"5 0 6 3 12 <</Type/Catalog>>", 6);
        let head = b"1 0 obj<</Type/ObjStm/N 2/First 8/Filter/FlateDecode>>stream\n";
        let pdf = [&head[..], &packed, b"\nendstream endobj"].concat();
        let file = File::index(&pdf, 1000);
        assert_eq!(*file.resolve(&Object::Reference(5)).unwrap(), Object::Number(12.0));
        assert_eq!(file.catalog, Some(6));
    }

    #[test]
    fn references_in_a_circle_and_objects_without_end_are_left() {
        let file = File::index(b"1 0 obj 2 0 R endobj 2 0 obj 1 0 R endobj", 1000);
        assert_eq!(file.resolve(&Object::Reference(1)), None);
        let pdf = "1 0 obj<</a[".repeat(100_000);
        File::index(pdf.as_bytes(), 1000);
        let pdf = "1 0 obj<<>>stream\n".repeat(100_000);
        assert!(!File::index(pdf.as_bytes(), 1000).fully.get());
    }
}
