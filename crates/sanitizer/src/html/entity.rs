//! Character references, as the HTML standard reads them; the table is html5ever's.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The longest name in the table, `CounterClockwiseContourIntegral;`.
const LONGEST_NAME: usize = 32;

/// Replaces character references. In attributes `&copy=1` stays, since links are full of it.
pub(crate) fn decode(text: &str, in_attribute: bool) -> Cow<'_, str> {
    let Some((head, mut rest)) = split_at_and(text) else { return Cow::Borrowed(text) };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(head);
    loop {
        rest = match reference(rest, in_attribute) {
            Some((first, second, after)) => {
                decoded.push(first);
                decoded.extend(second);
                after
            }
            None => {
                decoded.push('&');
                rest
            }
        };
        let Some((head, after)) = split_at_and(rest) else { break };
        decoded.push_str(head);
        rest = after;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn split_at_and(text: &str) -> Option<(&str, &str)> {
    let (head, after) = text.split_at_checked(memchr::memchr(b'&', text.as_bytes())?)?;
    Some((head, after.strip_prefix('&')?))
}

/// Reads one reference after its `&`: its one or two characters, and what follows.
fn reference(text: &str, in_attribute: bool) -> Option<(char, Option<char>, &str)> {
    match text.strip_prefix('#') {
        Some(number) => numeric(number),
        None => named(text, in_attribute),
    }
}

fn numeric(text: &str) -> Option<(char, Option<char>, &str)> {
    let (radix, digits) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (16, digits),
        None => (10, text),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if digits.is_empty() {
        return None;
    }
    let number = digits.chars().fold(0u32, |n, c| {
        n.saturating_mul(radix).saturating_add(c.to_digit(radix).unwrap_or_default()).min(0x11_0000)
    });
    let c = match number {
        0x80..=0x9f => {
            C1_REPLACEMENTS.get(number as usize - 0x80).copied().flatten().or(char::from_u32(number))
        }
        0 => None,
        _ => char::from_u32(number),
    };
    Some((c.unwrap_or(char::REPLACEMENT_CHARACTER), None, rest.strip_prefix(';').unwrap_or(rest)))
}

fn named(text: &str, in_attribute: bool) -> Option<(char, Option<char>, &str)> {
    let end = text.bytes().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let end = if text.as_bytes().get(end) == Some(&b';') { end + 1 } else { end };
    for end in (2..=end).rev() {
        let (name, rest) = text.split_at_checked(end)?;
        let Some(&(first, second)) = NAMED_ENTITIES.get(name) else { continue };
        let Some(first) = char::from_u32(first).filter(|c| *c != '\0') else { continue };
        let continues = rest.starts_with(|c: char| c == '=' || c.is_ascii_alphanumeric());
        if in_attribute && !name.ends_with(';') && continues {
            return None;
        }
        return Some((first, char::from_u32(second).filter(|c| *c != '\0'), rest));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_browsers_read_them() {
        let check = |text: &str, decoded: &str| assert_eq!(decode(text, false), decoded);
        check("a &amp; b &lt;b&gt; &eacute;", "a & b <b> é");
        check("&#73;&#x47;nore &#0; &#x80; &#xd800; &#99999999999;", "IGnore \u{fffd} € \u{fffd} \u{fffd}");
        check("&notit; &notin; &ampx &copy", "¬it; ∉ &x ©");
        check("& &; &# &#x; &unknown; && &", "& &; &# &#x; &unknown; && &");
        check("&NotEqualTilde;", "≂\u{338}");
        assert_eq!(decode("?a=1&copy=2&amp;b", true), "?a=1&copy=2&b");
    }
}
