//! Text in quotes.

use crate::sops::Text;
use crate::sops::limits::{Unreadable, wrong};
use crate::sops::wiped::Wiped;

const UNCLOSED: &str = "a text in quotes does not end on its line; write a text of several lines after `|`";
const BAD_ESCAPE: &str = "a backslash in a quoted text is followed by something that is no escape";

/// A quoted text at the beginning, and what follows it; `None` where there is no quote.
pub(super) fn quoted(text: &str, line: usize) -> Result<Option<(Text, &str)>, Unreadable> {
    if let Some(inner) = text.strip_prefix('\'') {
        single(inner, line).map(Some)
    } else if let Some(inner) = text.strip_prefix('"') {
        double(inner, line).map(Some)
    } else {
        Ok(None)
    }
}

fn single(inner: &str, line: usize) -> Result<(Text, &str), Unreadable> {
    let mut said = Wiped::with_capacity(inner.len());
    let mut rest = inner;
    loop {
        let Some((before, after)) = rest.split_once('\'') else { return wrong(line, UNCLOSED) };
        said.push_str(before);
        match after.strip_prefix('\'') {
            Some(further) => {
                said.push('\'');
                rest = further;
            }
            None => return Ok((said.into_text(), after)),
        }
    }
}

fn double(inner: &str, line: usize) -> Result<(Text, &str), Unreadable> {
    let mut said = Wiped::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Ok((said.into_text(), letters.as_str())),
            '\\' => match escaped(&mut letters) {
                Some(letter) => said.push(letter),
                None => return wrong(line, BAD_ESCAPE),
            },
            other => said.push(other),
        }
    }
    wrong(line, UNCLOSED)
}

/// YAML 1.2, 5.7.
fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match letters.next()? {
        '0' => return Some('\0'),
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        't' | '\t' => return Some('\t'),
        'n' => return Some('\n'),
        'v' => return Some('\u{b}'),
        'f' => return Some('\u{c}'),
        'r' => return Some('\r'),
        'e' => return Some('\u{1b}'),
        'N' => return Some('\u{85}'),
        '_' => return Some('\u{a0}'),
        'L' => return Some('\u{2028}'),
        'P' => return Some('\u{2029}'),
        same @ (' ' | '"' | '/' | '\\') => return Some(same),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let mut code = 0;
    for _ in 0..digits {
        code = code * 16 + letters.next()?.to_digit(16)?;
    }
    char::from_u32(code)
}

/// The same text in double quotes.
pub(super) fn in_quotes(text: &str, out: &mut Wiped) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            other if is_printable(other) => out.push(other),
            other => escape(u32::from(other), out),
        }
    }
    out.push('"');
}

fn escape(code: u32, out: &mut Wiped) {
    let (letter, digits) = match code {
        0..=0xff => ('x', 2),
        0x100..=0xffff => ('u', 4),
        _ => ('U', 8),
    };
    out.push('\\');
    out.push(letter);
    for place in (0..digits).rev() {
        out.extend(char::from_digit((code >> (4 * place)) & 15, 16));
    }
}

/// What YAML 1.2 (5.1) takes as it is. Whoever reads it by an older rule finds an escape for the rest.
pub(super) fn is_printable(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202f}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
