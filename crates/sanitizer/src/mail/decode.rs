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
    let mut decoded = Vec::with_capacity((text.len() / 4 * 3).min(enough.saturating_add(4)));
    let (mut bits, mut held) = (0u32, 0u32);
    let mut rest = text;
    while let Some((b, after)) = rest.split_first() {
        // nearly all of a text is in whole groups
        if held == 0
            && let Some((group, after)) = rest.split_first_chunk()
            && let Some(bytes) = bytes_of(*group)
        {
            decoded.extend_from_slice(&bytes);
            rest = after;
        } else {
            rest = after;
            match sextet(*b) {
                PADDING => held = 0,
                NONE => {}
                sextet => {
                    bits = (bits << 6) | u32::from(sextet);
                    held += 6;
                }
            }
            if held >= 8 {
                held -= 8;
                decoded.push((bits >> held) as u8);
            }
        }
        if decoded.len() > enough {
            decoded.truncate(enough.saturating_add(1));
            break;
        }
    }
    decoded
}

/// The bytes of a group of four, if all four are of the alphabet.
fn bytes_of(group: [u8; 4]) -> Option<[u8; 3]> {
    let [a, b, c, d] = group;
    let (a, b, c, d) = (sextet(a), sextet(b), sextet(c), sextet(d));
    ((a | b | c | d) < PADDING).then_some([(a << 2) | (b >> 4), (b << 4) | (c >> 2), (c << 6) | d])
}

/// Not of the alphabet; each sextet is less.
const PADDING: u8 = 64;
const NONE: u8 = 65;

fn sextet(b: u8) -> u8 {
    SEXTETS.get(usize::from(b)).copied().unwrap_or(NONE)
}

#[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length")]
static SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut sextets = [NONE; 256];
    let mut at = 0;
    while at < alphabet.len() {
        sextets[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    // the alphabet for addresses
    sextets[b'-' as usize] = 62;
    sextets[b'_' as usize] = 63;
    sextets[b'=' as usize] = PADDING;
    sextets
};

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
    use proptest::prelude::*;

    use super::*;

    /// The same, one sextet after the other.
    fn plainly_decoded(text: &[u8]) -> Vec<u8> {
        let of_alphabet = |b: &&u8| sextet(**b) < PADDING;
        let mut decoded = Vec::new();
        for group in text.split(|b| *b == b'=') {
            let sextets: Vec<u8> = group.iter().filter(of_alphabet).map(|b| sextet(*b)).collect();
            let bits: String = sextets.iter().map(|sextet| format!("{sextet:06b}")).collect();
            let bytes = bits.as_bytes().chunks_exact(8);
            decoded.extend(bytes.map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap()));
        }
        decoded
    }

    proptest! {
        #[test]
        fn base64_is_decoded_in_groups_as_it_is_sextet_by_sextet(
            text in "([A-Za-z0-9+/_-]{4}|[A/]{2,3}=|[A-Za-z]{1,3}|=|\\n|\\r\\n|.){0,20}",
            enough in 0_usize..40,
        ) {
            let mut expected = plainly_decoded(text.as_bytes());
            prop_assert_eq!(base64(text.as_bytes()), expected.clone());
            expected.truncate(enough + 1);
            prop_assert_eq!(base64_some(text.as_bytes(), enough), expected);
        }
    }

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
