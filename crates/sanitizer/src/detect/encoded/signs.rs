//! Writing that stands for letters one by one: Morse, Braille, Ascii85.

use super::{as_text, context};

/// Fewer signs are decoration.
const SIGNS: usize = 8;

/// Lines of dots and dashes.
pub(super) fn morse(text: &str) -> Option<String> {
    let has = |sign: &str| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some();
    if !has(".-") && !has("-.") && (text.is_ascii() || !has("·") && !has("• ")) {
        return None;
    }
    let mut read = String::new();
    for line in text.lines() {
        let of_morse =
            |c: char| matches!(c, '.' | '-' | '·' | '•' | '−' | '–' | '_' | '/' | '|' | ' ' | '\t');
        for run in line.split(|c: char| !of_morse(c)).filter(|run| run.len() >= SIGNS * 2) {
            let signs = run.replace(['/', '|'], " / ");
            let codes: Vec<_> = signs.split([' ', '\t']).filter(|code| !code.is_empty()).collect();
            let letters: Option<String> = codes.iter().map(|code| morse_letter(code)).collect();
            if let Some(letters) =
                letters.filter(|letters| letters.chars().filter(|c| *c != ' ').count() >= SIGNS)
            {
                read.push_str(&letters);
                read.push('\n');
            }
        }
    }
    (!read.is_empty()).then_some(read)
}

fn morse_letter(code: &str) -> Option<char> {
    const CODES: [&str; 26] = [
        ".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--", "-.",
        "---", ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--", "--..",
    ];
    if code == "/" {
        return Some(' ');
    }
    let code: String = code.chars().map(|c| if matches!(c, '.' | '·' | '•') { '.' } else { '-' }).collect();
    let letters = CODES.iter().zip('a'..='z').find(|(known, _)| **known == code).map(|(_, letter)| letter);
    // digits and punctuation part words
    letters.or_else(|| (code.len() == 5 || code.len() == 6).then_some(' '))
}

/// Braille of the first grade.
pub(super) fn braille(text: &str) -> Option<String> {
    // the first two bytes of each sign
    let bytes = text.as_bytes();
    if !memchr::memchr_iter(0xe2, bytes).any(|at| matches!(bytes.get(at + 1), Some(0xa0..=0xa3))) {
        return None;
    }
    let signs = text.chars().filter(|c| matches!(c, '\u{2801}'..='\u{28ff}')).take(SIGNS).count();
    let letter = |c: char| match c {
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵"
            .chars()
            .zip("abcdefghijklmnopqrstuvwxyz".chars())
            .find(|(sign, _)| *sign == c)
            .map_or(' ', |(_, letter)| letter),
        c => c,
    };
    (signs == SIGNS).then(|| text.chars().map(letter).collect())
}

/// Ascii85 between its marks.
pub(super) fn ascii85(text: &str) -> Option<String> {
    let mut read = String::new();
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"<~") {
        let (before, from) = (rest.get(..at).unwrap_or_default(), rest.get(at + 2..).unwrap_or_default());
        let Some((passage, after)) = from.split_once("~>") else { break };
        if let Some(passage) = as_text(&of_ascii85(passage)) {
            read.push_str(context(before));
            read.push_str(&passage);
            read.push('\n');
        }
        rest = after;
    }
    (!read.is_empty()).then_some(read)
}

fn of_ascii85(passage: &str) -> Vec<u8> {
    let digits: Vec<u8> = passage.bytes().filter(|b| matches!(b, b'!'..=b'u')).map(|b| b - b'!').collect();
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(5) {
        // a short group is filled up
        let value = (0..5).fold(0u32, |value, at| {
            value.wrapping_mul(85).wrapping_add(u32::from(group.get(at).copied().unwrap_or(84)))
        });
        bytes.extend(value.to_be_bytes().iter().take(group.len().saturating_sub(1)));
    }
    bytes
}
