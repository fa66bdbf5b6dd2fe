//! `%49`, `\u0049`, `\x49`, `=49` and `&#73;` as the characters they stand for.

use std::borrow::Cow;

use crate::{html, mail::hex_digit};

/// Fewer escapes than this are an address or a sign that someone typed.
const ESCAPES: usize = 3;

/// The lines that have escapes, decoded, each with the line before it.
pub(super) fn decoded(text: &str) -> Option<String> {
    has_some(text).then(|| lines(text)).flatten()
}

/// The lines that have escapes, if there are enough.
fn lines(text: &str) -> Option<String> {
    let mut read = String::new();
    let mut undone = 0;
    let (mut before, mut goes_on) = ("", false);
    for line in text.split_inclusive('\n') {
        let entities = html::decode_entities(line, false);
        let mut count = usize::from(entities != line) * ESCAPES;
        let line_read = unescaped(&entities, &mut count);
        if count > 0 || goes_on {
            read.push_str(before);
            read.push_str(&line_read);
            before = "";
        } else {
            before = line;
        }
        goes_on = count > 0 && line.trim_end().ends_with('=');
        undone += count;
    }
    (undone >= ESCAPES).then_some(read)
}

/// Whether there are enough escapes, or an entity among what looks like enough.
fn has_some(text: &str) -> bool {
    let bytes = text.as_bytes();
    let signs = || memchr::memchr3_iter(b'%', b'\\', b'=', bytes);
    let is_escape = |at: &usize| bytes.get(*at..).is_some_and(|rest| escape(rest).is_some());
    let has_escapes = || signs().filter(is_escape).take(ESCAPES).count() == ESCAPES;
    if memchr::memchr(b'&', bytes).is_none() {
        return has_escapes();
    }
    // what an entity stands for may be the sign of an escape
    let has = |entity: &[u8]| memchr::memmem::find(bytes, entity).is_some();
    let entities = memchr::memmem::find_iter(bytes, b"&#").take(ESCAPES).count();
    if entities + signs().take(ESCAPES).count() < ESCAPES && !has(b"&lt;") && !has(b"&amp;") {
        return false;
    }
    html::decode_entities(text, false) != text || has_escapes()
}

fn unescaped<'t>(text: &'t str, count: &mut usize) -> Cow<'t, str> {
    if !text.contains(['%', '\\', '=']) {
        return Cow::Borrowed(text);
    }
    let mut read = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut in_address = false;
    while let Some((b, after)) = rest.split_first() {
        if let Some((value, after)) = escape(rest) {
            match (u8::try_from(value), *b) {
                // bytes of UTF-8, or characters
                (Ok(byte), b'%' | b'=') => read.push(byte),
                _ => {
                    let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
                    read.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            in_address = *b == b'%';
            *count += 1;
            rest = after;
            continue;
        }
        // a line that goes on
        if let [b'=', b'\n', after @ ..] | [b'=', b'\r', b'\n', after @ ..] = rest {
            rest = after;
            continue;
        }
        in_address &= !b.is_ascii_whitespace();
        read.push(if *b == b'+' && in_address { b' ' } else { *b });
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&read).into_owned())
}

/// The escape at the beginning: the number it gives, and what follows.
fn escape(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, after, radix) = match text {
        [b'%' | b'=', digits @ ..] => (digits.get(..2)?, digits.get(2..)?, 16),
        [b'\\', b'x', digits @ ..] => (digits.get(..2)?, digits.get(2..)?, 16),
        [b'\\', b'u', b'{', digits @ ..] => {
            let end = digits.iter().take(7).position(|b| *b == b'}')?;
            (digits.get(..end)?, digits.get(end + 1..)?, 16)
        }
        [b'\\', b'u', digits @ ..] => (digits.get(..4)?, digits.get(4..)?, 16),
        [b'\\', b'U', digits @ ..] => (digits.get(..8)?, digits.get(8..)?, 16),
        [b'\\', digits @ ..] => (digits.get(..3)?, digits.get(3..)?, 8),
        _ => return None,
    };
    let value = digits.iter().try_fold(0u32, |value, b| {
        let digit = u32::from(hex_digit(*b)?);
        (digit < radix).then(|| value.wrapping_mul(radix) + digit)
    });
    value.filter(|_| !digits.is_empty()).map(|value| (value, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARTS: [&str; 22] = [
        "%49",
        "%4",
        "\\u0049",
        "\\u{49}",
        "\\x49",
        "\\111",
        "\\U00000049",
        "=49",
        "=\n",
        "&#73;",
        "&#x49",
        "&#",
        "&lt;",
        "&amp;",
        "&nbsp",
        "&copy=1",
        "&",
        "&percnt;49",
        "&equals;",
        "ignore ",
        "é",
        "\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn no_text_is_passed_over_that_has_enough_escapes(parts in prop::collection::vec(prop::sample::select(PARTS.as_slice()), 0..8)) {
            let text = parts.concat();
            let signs = text.matches(['%', '\\', '=']).count() + text.matches("&#").count();
            let looks_escaped = signs >= ESCAPES || text.contains("&lt;") || text.contains("&amp;");
            prop_assert_eq!(decoded(&text), Some(text.as_str()).filter(|_| looks_escaped).and_then(lines));
        }
    }
}
