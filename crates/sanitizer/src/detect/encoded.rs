//! Texts within a text: base64, hexadecimal, escapes of URLs, pages and programs.

use super::Trick;
use crate::{
    html,
    mail::{decode_base64, hex_digit},
};

const TRICK: Trick = Trick {
    kind: "encoded-instruction",
    reason: "An encoded passage reads as an instruction to an assistant.",
};

/// The decoded passages, joined, one text per encoding. Together they are no longer than the text.
pub(super) fn readings(text: &str) -> Vec<(String, Trick)> {
    let mut readings = Vec::new();
    for reading in [base64_runs(text), hex_runs(text), unescaped(text)] {
        readings.extend(reading.map(|text| (text, TRICK)));
    }
    readings
}

fn base64_runs(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let of_alphabet = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    for run in text.split(|c: char| !of_alphabet(c)).filter(|run| run.len() >= 20) {
        push_if_text(&decode_base64(run.as_bytes()), &mut decoded);
    }
    (!decoded.is_empty()).then_some(decoded)
}

fn hex_runs(text: &str) -> Option<String> {
    if !has_hex_run(text) {
        return None;
    }
    let mut decoded = String::new();
    // `49 67 6e`, `49:67:6e` and `0x49 0x67` are runs too
    let bare = text.replace("0x", "").replace("\\x", "");
    for run in
        bare.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, ' ' | ':'))).filter(|run| run.len() >= 24)
    {
        for run in run.split(' ').filter(|run| run.len() >= 24).chain([run]) {
            let digits: Vec<u8> = run.bytes().filter_map(hex_digit).collect();
            let bytes: Vec<u8> =
                digits.as_chunks::<2>().0.iter().map(|[high, low]| high * 16 + low).collect();
            if bytes.len() >= 12 {
                push_if_text(&bytes, &mut decoded);
            }
        }
    }
    (!decoded.is_empty()).then_some(decoded)
}

/// Whether some run has digits enough, whatever stands between them.
fn has_hex_run(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().any(|b| {
        digits = match b {
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => digits + 1,
            b' ' | b':' | b'x' | b'\\' => digits,
            _ => 0,
        };
        digits >= 24
    })
}

/// Only words are of interest: bytes that decode to anything else are left alone.
fn push_if_text(bytes: &[u8], to: &mut String) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let wordy = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '\n' | '.' | ',')).count();
    if wordy * 10 >= text.chars().count() * 8 {
        to.push_str(text);
        to.push('\n');
    }
}

/// `%49`, `\u0049`, `\x49` and `&#73;` as the characters they stand for.
fn unescaped(text: &str) -> Option<String> {
    let escapes = text.matches(['%', '\\']).take(3).count() + text.matches("&#").take(3).count();
    if escapes < 3 && !text.contains("&lt;") {
        return None;
    }
    let text = html::decode_entities(text, false);
    let mut read = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut changed = matches!(text, std::borrow::Cow::Owned(_));
    while let Some((b, after)) = rest.split_first() {
        let (escape, digits) = match rest {
            [b'%', digits @ ..] => (1, digits.get(..2)),
            [b'\\', b'x', digits @ ..] => (2, digits.get(..2)),
            [b'\\', b'u', b'{', digits @ ..] => {
                (3, digits.iter().position(|b| *b == b'}').filter(|n| *n <= 6).and_then(|n| digits.get(..n)))
            }
            [b'\\', b'u', digits @ ..] => (2, digits.get(..4)),
            _ => (0, None),
        };
        let number = digits
            .and_then(|digits| digits.iter().try_fold(0u32, |n, b| Some(n * 16 + u32::from(hex_digit(*b)?))));
        match (number, digits) {
            (Some(byte @ 0..=255), Some(digits)) if *b == b'%' || digits.len() == 2 => read.push(byte as u8),
            (Some(code), Some(_)) => {
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                read.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => {
                read.push(*b);
                rest = after;
                continue;
            }
        }
        changed = true;
        let closing = usize::from(escape == 3);
        rest = rest.get(escape + digits.map_or(0, <[u8]>::len) + closing..).unwrap_or_default();
    }
    changed.then(|| String::from_utf8_lossy(&read).replace('+', " "))
}
