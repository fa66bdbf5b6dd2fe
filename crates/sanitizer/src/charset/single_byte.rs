//! Charsets that have ASCII and, in the other bytes, one character each.

use crate::plain;

/// Whether the label, in lower case, is of such a charset, or of none.
pub(super) fn is_one(label: &str) -> bool {
    label.starts_with("iso-8859-") || label.starts_with("windows-125")
}

/// What `decoder` makes of bytes in such a charset. It is asked once for all characters that are not of ASCII, and not byte
/// by byte for a text that has few of them.
pub(super) fn decode(bytes: &[u8], decoder: fn(&[u8]) -> String) -> String {
    if bytes.len() < 2 * OTHERS.len() {
        return decoder(bytes);
    }
    let others: Vec<char> = decoder(&OTHERS).chars().collect();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (ascii, after) =
            rest.split_at_checked(plain::how_many(rest, |b| b.is_ascii())).unwrap_or((rest, &[]));
        text.push_str(str::from_utf8(ascii).unwrap_or_default());
        rest = match after.split_first() {
            Some((b, after)) => {
                text.extend(others.get(usize::from(b - 128)));
                after
            }
            None => after,
        };
    }
    text
}

/// All bytes that are not of ASCII.
const OTHERS: [u8; 128] = {
    let mut others = [0; 128];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length")]
    while at < others.len() {
        others[at] = 128 + at as u8;
        at += 1;
    }
    others
};

#[cfg(test)]
mod tests {
    use mail_parser::decoders::charsets::map::charset_decoder;

    use super::*;

    #[test]
    fn each_byte_is_what_it_is_alone() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().step_by(7).take(2_000).chain(*b"plain text").collect();
        let parts = (1..=16).map(|part| format!("iso-8859-{part}"));
        for label in parts.chain((0..=8).map(|page| format!("windows-125{page}"))) {
            assert!(is_one(&label));
            let Some(decoder) = charset_decoder(label.as_bytes()) else { continue };
            let one_by_one: String = bytes.iter().map(|b| decoder(&[*b])).collect();
            assert_eq!(decode(&bytes, decoder), one_by_one, "{label}");
            assert_eq!(decoder(&OTHERS).chars().count(), OTHERS.len(), "{label}");
        }
    }
}
