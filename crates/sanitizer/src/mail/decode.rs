//! Transfer encodings, read with patience: a broken character costs itself, not the rest.

use std::borrow::Cow;

/// Undoes a `Content-Transfer-Encoding`; an unknown one is none.
pub(crate) fn transfer<'a>(body: &'a [u8], encoding: Option<&str>) -> Cow<'a, [u8]> {
    transfer_some(body, encoding, usize::MAX)
}

/// The same, until there is more than so many bytes.
pub(crate) fn transfer_some<'a>(body: &'a [u8], encoding: Option<&str>, enough: usize) -> Cow<'a, [u8]> {
    match encoding {
        Some("base64") => Cow::Owned(base64_some(body, enough)),
        Some("quoted-printable") => Cow::Owned(quoted_printable(body, enough)),
        _ => Cow::Borrowed(body),
    }
}

/// Skips what is not of the alphabet; padding ends a group, and another may follow.
pub(crate) fn base64(text: &[u8]) -> Vec<u8> {
    base64_some(text, usize::MAX)
}

fn base64_some(text: &[u8], enough: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity((text.len() / 4 * 3).min(enough.saturating_add(2)));
    let (mut bits, mut held) = (0u32, 0u32);
    for b in text {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                held = 0;
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
            if decoded.len() > enough {
                break;
            }
        }
    }
    decoded
}

fn quoted_printable(text: &[u8], enough: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len().min(enough.saturating_add(2)));
    let mut rest = text;
    while let Some(sign) = memchr::memchr(b'=', rest) {
        let (before, after) = rest.split_at_checked(sign).unwrap_or((rest, &[]));
        push_some(before, enough, &mut decoded);
        rest = after.get(1..).unwrap_or_default();
        if decoded.len() > enough {
            return decoded;
        }
        if let [high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push(high * 16 + low);
            rest = after;
            continue;
        }
        // a soft line break, perhaps with spaces that a relay added
        let blanks = rest.iter().take(80).take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match rest.get(blanks..) {
            Some([b'\n', after @ ..]) => rest = after,
            Some([]) => rest = &[],
            _ => decoded.push(b'='),
        }
    }
    push_some(rest, enough, &mut decoded);
    decoded
}

/// Adds bytes until there is more than enough.
fn push_some(bytes: &[u8], enough: usize, to: &mut Vec<u8>) {
    let room = enough.saturating_sub(to.len()).saturating_add(1);
    to.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

pub(crate) fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_encodings_lose_only_what_is_broken() {
        let check = |text: &str, encoding, decoded: &str| {
            assert_eq!(String::from_utf8_lossy(&transfer(text.as_bytes(), Some(encoding))), decoded);
        };
        check("SGVs\r\nbG8=", "base64", "Hello");
        check("SGVsbG8", "base64", "Hello");
        check("SG*Vsb G8=SGk=", "base64", "HelloHi");
        check("", "base64", "");
        check("a=20b=\r\nc=\t \nd=3De=zz=", "quoted-printable", "a bcd=e=zz");
        check("8bit", "8bit", "8bit");
    }

    #[test]
    fn no_more_is_decoded_than_tells_that_there_is_more() {
        for (text, encoding) in [
            ("aWlpaWlpaWlpaWlp", "base64"),
            ("iiiiiiiiiiii", "quoted-printable"),
            ("=69=69=69=69=69=69", "quoted-printable"),
        ] {
            assert_eq!(&*transfer_some(text.as_bytes(), Some(encoding), 4), b"iiiii", "{text}");
            assert!(transfer_some(text.as_bytes(), Some(encoding), 100).len() < 100, "{text}");
        }
    }
}
