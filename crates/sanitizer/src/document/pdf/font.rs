//! Which characters a font's codes show, and how wide they are.

use std::collections::HashMap;

use super::{
    file::File,
    object::{Dict, Lexer, Object},
};

/// Values in one list of a table.
const LIST: usize = 200_000;

/// Of an em, in thousandths, where a font does not say.
const WIDTH: f64 = 500.0;

pub(super) struct Font {
    /// Codes of two bytes.
    wide: bool,
    characters: HashMap<u32, String>,
    /// A code that is in no table is a character of this set.
    otherwise: Otherwise,
    /// Windows-1252, by code.
    latin: Vec<char>,
    widths: HashMap<u32, f64>,
    width: f64,
}

#[derive(Clone, Copy)]
enum Otherwise {
    Latin,
    Utf16,
    /// The number of a picture in the font: no one but the font knows of what.
    Unknown,
}

/// How far a string of codes moves the next.
#[derive(Default)]
pub(super) struct Shown {
    /// In thousandths of an em.
    pub(super) width: f64,
    pub(super) codes: f64,
    pub(super) spaces: f64,
}

// === impl Font ===

impl Font {
    pub(super) fn read(file: &File<'_>, font: &Dict) -> Self {
        let wide = font.is("Subtype", "Type0");
        let encoding = file.entry(font, "Encoding");
        let name = encoding.as_deref().and_then(Object::name).unwrap_or_default();
        let otherwise = match (wide, name) {
            (false, _) => Otherwise::Latin,
            (true, name) if name.windows(4).any(|part| part == b"UCS2" || part == b"UTF1") => {
                Otherwise::Utf16
            }
            (true, _) => Otherwise::Unknown,
        };
        let latin: Vec<u8> = (0..=255).collect();
        let mut read = Self {
            wide,
            characters: HashMap::new(),
            otherwise,
            latin: crate::charset::decode(&latin, Some("windows-1252")).chars().collect(),
            widths: HashMap::new(),
            width: WIDTH,
        };
        if let Some(differences) =
            encoding.as_deref().and_then(Object::dict).and_then(|e| file.entry(e, "Differences"))
        {
            read.differences(file, differences.array().unwrap_or_default());
        }
        if let Some(table) = font.get("ToUnicode").and_then(|table| file.stream(table)) {
            read.table(file, &table);
        }
        read.measure(file, font);
        read
    }

    /// `[32 /space /A 65 /B]`: codes count on from the number.
    fn differences(&mut self, file: &File<'_>, differences: &[Object]) {
        let mut code = 0u32;
        for entry in differences.iter().take(file.map(differences.len())) {
            if let Some(number) = entry.number() {
                code = number.clamp(0.0, 65_535.0) as u32;
            } else if let Some(name) = entry.name() {
                if let Some(character) = named(name) {
                    self.characters.insert(code, character);
                }
                code += 1;
            }
        }
    }

    /// The table to Unicode (ISO 32000-2, 9.10.3): single codes, and ranges of them.
    fn table(&mut self, file: &File<'_>, table: &[u8]) {
        let mut lexer = Lexer::of_operators(table);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(value) = lexer.next() {
            let Object::Word(word) = &value else {
                if operands.len() < LIST {
                    operands.push(value);
                }
                continue;
            };
            match word.as_slice() {
                b"endbfchar" => {
                    for pair in operands.as_chunks::<2>().0.iter().take(file.map(operands.len() / 2)) {
                        if let [Object::Text(code), Object::Text(character)] = pair {
                            self.characters.insert(number(code), utf_16(character));
                        }
                    }
                }
                b"endbfrange" => operands.as_chunks::<3>().0.iter().for_each(|range| self.range(file, range)),
                _ => {}
            }
            operands.clear();
        }
    }

    fn range(&mut self, file: &File<'_>, range: &[Object; 3]) {
        let [Object::Text(first), Object::Text(last), to] = range else { return };
        let (first, last) = (number(first), number(last));
        // no font has more codes than two bytes can say
        let last = last.min(first.saturating_add(0xffff));
        let codes = (first..=last).take(file.map((last.saturating_sub(first) as usize).saturating_add(1)));
        match to {
            Object::Text(start) => {
                let (before, low) = start.split_at_checked(start.len().saturating_sub(2)).unwrap_or_default();
                let low = number(low);
                for code in codes {
                    let low = ((low + (code - first)) & 0xffff) as u16;
                    let character = [before, &low.to_be_bytes()].concat();
                    self.characters.insert(code, utf_16(&character));
                }
            }
            Object::Array(characters) => {
                for (code, character) in codes.zip(characters) {
                    if let Object::Text(character) = character {
                        self.characters.insert(code, utf_16(character));
                    }
                }
            }
            _ => {}
        }
    }

    fn measure(&mut self, file: &File<'_>, font: &Dict) {
        let number = |dict: &Dict, name| file.entry(dict, name).and_then(|value| value.number());
        if self.wide {
            let inner = file.entry(font, "DescendantFonts");
            let inner = inner.as_deref().and_then(Object::array).and_then(<[Object]>::first);
            let Some(inner) = inner.and_then(|inner| file.dict(inner)) else { return };
            self.width = number(&inner, "DW").unwrap_or(1000.0);
            if let Some(widths) = file.entry(&inner, "W") {
                self.wide_widths(file, widths.array().unwrap_or_default());
            }
            return;
        }
        // a font of drawings has a scale of its own
        let scale = match file
            .entry(font, "FontMatrix")
            .as_deref()
            .and_then(Object::array)
            .and_then(<[Object]>::first)
        {
            Some(Object::Number(scale)) => scale.abs() * 1000.0,
            _ => 1.0,
        };
        let first = number(font, "FirstChar").unwrap_or_default().clamp(0.0, 255.0) as u32;
        if let Some(widths) = file.entry(font, "Widths") {
            let widths = widths.array().unwrap_or_default().iter().take(256).filter_map(Object::number);
            self.widths.extend((first..).zip(widths.map(|width| width * scale)));
        }
    }

    /// `[1 [500 600] 7 9 1000]`: widths from a code on, or one for a range.
    fn wide_widths(&mut self, file: &File<'_>, widths: &[Object]) {
        let mut rest = widths;
        while let [Object::Number(first), after @ ..] = rest {
            let first = first.clamp(0.0, 65_535.0) as u32;
            match after {
                [Object::Number(last), Object::Number(width), after @ ..] => {
                    let last = last.clamp(0.0, 65_535.0) as u32;
                    let codes = file.map(last.saturating_sub(first) as usize + 1);
                    self.widths.extend((first..=last).take(codes).map(|code| (code, *width)));
                    rest = after;
                }
                [list, after @ ..] => {
                    if let Some(list) = file.resolve(list) {
                        let list = list.array().unwrap_or_default();
                        let codes = file.map(list.len());
                        self.widths.extend((first..).zip(list.iter().filter_map(Object::number)).take(codes));
                    }
                    rest = after;
                }
                [] => return,
            }
        }
    }

    /// Writes what a string of codes shows. Its width, in thousandths of an em, and how many of its codes are spaces.
    pub(super) fn show(&self, codes: &[u8], text: &mut String) -> Shown {
        let mut shown = Shown::default();
        for bytes in codes.chunks(if self.wide { 2 } else { 1 }) {
            let code = number(bytes);
            match (self.characters.get(&code), self.otherwise) {
                (Some(characters), _) => text.push_str(characters),
                (None, Otherwise::Latin) => text.extend(self.latin.get(code as usize)),
                (None, Otherwise::Utf16) => text.push_str(&utf_16(bytes)),
                (None, Otherwise::Unknown) => text.push(char::REPLACEMENT_CHARACTER),
            }
            shown.width += self.widths.get(&code).copied().unwrap_or(self.width);
            shown.codes += 1.0;
            shown.spaces += f64::from(u8::from(bytes == [b' ']));
        }
        shown
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, b| number << 8 | u32::from(*b))
}

fn utf_16(bytes: &[u8]) -> String {
    let units = bytes.chunks(2).take(64).map(|unit| number(unit) as u16);
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A character by its name in Adobe's list: letters by themselves, the rest as far as texts use it.
fn named(name: &[u8]) -> Option<String> {
    const NAMES: [(&str, &str); 58] = [
        ("space", " "),
        ("exclam", "!"),
        ("quotedbl", "\""),
        ("numbersign", "#"),
        ("dollar", "$"),
        ("percent", "%"),
        ("ampersand", "&"),
        ("quotesingle", "'"),
        ("parenleft", "("),
        ("parenright", ")"),
        ("asterisk", "*"),
        ("plus", "+"),
        ("comma", ","),
        ("hyphen", "-"),
        ("minus", "-"),
        ("period", "."),
        ("slash", "/"),
        ("zero", "0"),
        ("one", "1"),
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
        ("five", "5"),
        ("six", "6"),
        ("seven", "7"),
        ("eight", "8"),
        ("nine", "9"),
        ("colon", ":"),
        ("semicolon", ";"),
        ("less", "<"),
        ("equal", "="),
        ("greater", ">"),
        ("question", "?"),
        ("at", "@"),
        ("bracketleft", "["),
        ("backslash", "\\"),
        ("bracketright", "]"),
        ("underscore", "_"),
        ("braceleft", "{"),
        ("bar", "|"),
        ("braceright", "}"),
        ("ff", "ff"),
        ("fi", "fi"),
        ("fl", "fl"),
        ("ffi", "ffi"),
        ("ffl", "ffl"),
        ("endash", "–"),
        ("emdash", "—"),
        ("quoteleft", "‘"),
        ("quoteright", "’"),
        ("quotedblleft", "“"),
        ("quotedblright", "”"),
        ("bullet", "•"),
        ("Euro", "€"),
        ("germandbls", "ß"),
        ("dotlessi", "ı"),
        ("ae", "æ"),
        ("oslash", "ø"),
    ];
    /// Letters with a mark: the name is the letter's and the mark's.
    const MARKS: [(&str, char); 9] = [
        ("grave", '\u{300}'),
        ("acute", '\u{301}'),
        ("circumflex", '\u{302}'),
        ("tilde", '\u{303}'),
        ("dieresis", '\u{308}'),
        ("ring", '\u{30a}'),
        ("caron", '\u{30c}'),
        ("cedilla", '\u{327}'),
        ("ogonek", '\u{328}'),
    ];
    let name = str::from_utf8(name).ok()?;
    let name = name.split_once('.').map_or(name, |(name, _)| name);
    if name.len() == 1 {
        return Some(name.to_owned());
    }
    if let Some((_, text)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some((*text).to_owned());
    }
    if let Some(code) = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'))
        && let Some(character) = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)
    {
        return Some(character.to_string());
    }
    let (letter, mark) = name.split_at_checked(1)?;
    let (_, mark) = MARKS.iter().find(|(known, _)| *known == mark)?;
    Some(format!("{letter}{mark}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(font: &str, others: &str, codes: &[u8]) -> String {
        let file = File::index(others.as_bytes(), 1_000_000);
        let font = Lexer::new(font.as_bytes(), 0).next().unwrap();
        let mut text = String::new();
        Font::read(&file, font.dict().unwrap()).show(codes, &mut text);
        text
    }

    #[test]
    fn codes_are_read_by_table_by_names_or_as_latin() {
        assert_eq!(shown("<<>>", "", b"Gr\xfc\xdfe \x93"), "Grüße “");
        assert_eq!(
            shown(
                "<</Encoding<</Differences[1/W/o 5/uni0072/fi/eacute/zero.alt/nosuch]>>>>",
                "",
                b"\x01\x02\x05\x06\x07\x08"
            ),
            "Worfie\u{301}0"
        );
        let table = "1 0 obj<<>>stream\n1 beginbfchar <01> <00480065> endbfchar 2 beginbfrange <02> <04> <006C> <05> <06> [<0078> <0079>] endbfrange\nendstream";
        assert_eq!(shown("<</ToUnicode 1 0 R>>", table, b"\x01\x02\x03\x04\x05\x06"), "Helmnxy");
        assert_eq!(
            shown("<</Subtype/Type0/Encoding/UniJIS-UCS2-H>>", "", b"\x4e\x2d\xd8\x3d\xde"),
            "中\u{fffd}\u{de}"
        );
        assert_eq!(shown("<</Subtype/Type0/Encoding/Identity-H>>", "", b"\0\x01"), "\u{fffd}");
    }

    #[test]
    fn a_table_of_everything_is_bounded() {
        let table = format!(
            "1 0 obj<<>>stream\n1 beginbfrange <0000> <ffffffff> <0041> {} endbfrange\nendstream",
            "<00> <ff> <41> ".repeat(10_000)
        );
        assert_eq!(shown("<</ToUnicode 1 0 R>>", &table, b"\x01"), "B");
        shown("<</Subtype/Type0/DescendantFonts[<</W[0 65535 1 0 65535 2]>>]>>", "", b"\0\x01");
    }
}
